"""The rule `wrongly-typed-default`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptops.format import Problem, key_text
from promptops.format.check_inputs import is_of_type
from promptops.format.values import kind_of

from ..page import Hit, Page
from ..rule import rule

_DEFAULT = re.compile(r'inputs(?:\.[A-Za-z0-9_-]+|\["(?:[^"\\]|\\.)*"\])\.default')
_EXAMPLES = {
    "number": "3.5",
    "integer": "3",
    "boolean": "true",
    "array": "[a, b]",
    "object": "{a: 1}",
    "string": "a text",
}


def _is_default(problem: Problem) -> bool:
    return problem.code == "wrong-type" and _DEFAULT.fullmatch(problem.key) is not None


@rule(
    "wrongly-typed-default",
    severity="error",
    summary="A default, or a value in `testData`, has another type than its input declares.",
    takes=_is_default,
    fix="write a value of the declared type, or change the type",
)
def wrongly_typed_default(page: Page) -> Iterator[Hit]:
    """An input's `default` and every value for it in `testData` must have the declared type.

    Rendering refuses a value of another type. Where a text is declared, plain `42` or `no` is the
    text as written and is fine.

    Bad:

        inputs:
          limit: {type: integer, default: many}
        messages:
          - role: user
            content: "List {{ limit }} reasons."

    Good:

        inputs:
          limit: {type: integer, default: 3}
        messages:
          - role: user
            content: "List {{ limit }} reasons."
        testData:
          - limit: 5
    """
    for number, case in enumerate(page.file.test_data):
        for name, value in case.items():
            given = page.file.inputs.get(name)
            if given is None or value is None or is_of_type(value, given.type):
                continue
            if given.type == "string" and isinstance(value, bool | int | float):
                continue
            path = ("testData", number, name)
            yield page.at(
                path,
                f"{key_text(path)} must be {given.type}, as inputs declares {name}, "
                f"not {kind_of(value)}",
                f"write a value such as {_EXAMPLES[given.type]}, or change the input's type",
            )
