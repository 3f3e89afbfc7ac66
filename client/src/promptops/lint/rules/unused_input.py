"""The rule `unused-input`."""

from __future__ import annotations

from collections.abc import Iterable

from ..page import Hit, Page
from ..rule import codes, rule


@rule(
    "unused-input",
    severity="warning",
    summary="A declared input is used in no message.",
    takes=codes("unused-input"),
    fix="use it in a message, or take it out of inputs",
)
def unused_input(page: Page) -> Iterable[Hit]:
    """Every caller has to give a required input, and gives it for nothing.

    Messages of variants count as uses. A file that includes fragments is not checked: the fragment
    may use the input.

    Bad:

        inputs:
          claim: {type: string}
          region: {type: string}
        messages:
          - role: user
            content: "Sort this claim: {{ claim }}"

    Good:

        inputs:
          claim: {type: string}
          region: {type: string}
        messages:
          - role: user
            content: "Sort this claim from {{ region }}: {{ claim }}"
    """
    return ()  # the parser proves it
