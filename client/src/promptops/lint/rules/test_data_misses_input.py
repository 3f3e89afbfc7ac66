"""The rule `test-data-misses-input`."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.format.test_data import EXPECTED, names_used
from promptops.format.values import suggestion

from ..page import Hit, Page
from ..rule import rule


@rule(
    "test-data-misses-input",
    severity="error",
    summary="A case in `testData` lacks a required input, or has a key that is no input.",
)
def test_data_misses_input(page: Page) -> Iterator[Hit]:
    """A case must be something the prompt can be rendered with.

    Each case gives every required input and nothing that is not an input, except `expected` and what
    the file's evaluators use as a variable. Unknown keys are not checked in a file that includes fragments: the
    fragment may use them.

    Bad:

        inputs:
          claim: {type: string}
        messages:
          - role: user
            content: "Sort this claim: {{ claim }}"
        testData:
          - clam: A tree fell on my car.

    Good:

        inputs:
          claim: {type: string}
        messages:
          - role: user
            content: "Sort this claim: {{ claim }}"
        testData:
          - claim: A tree fell on my car.
            expected: motor
    """
    inputs = page.file.inputs
    complete = not page.has_unread_text()
    known = {EXPECTED, *inputs, *names_used(page.file.evaluators)}
    for number, case in enumerate(page.file.test_data):
        path = ("testData", number)
        for name, given in inputs.items():
            if given.required and case.get(name) is None:
                yield page.at(
                    path,
                    f"this case lacks the required input {name!r}",
                    f"add {name}: …, or give the input a default",
                )
        for name in case:
            if complete and name not in known:
                yield page.at(
                    (*path, name),
                    f"{name[:100]!r} is not an input of this prompt",
                    suggestion(name, inputs) or "remove it, or use it in a message",
                    key=True,
                )
