"""The rule `undefined-variable`."""

from __future__ import annotations

from collections.abc import Iterable

from ..page import Hit, Page
from ..rule import codes, rule


@rule(
    "undefined-variable",
    severity="error",
    summary="A message uses a variable that `inputs` does not list.",
    takes=codes("undeclared-variable"),
)
def undefined_variable(page: Page) -> Iterable[Hit]:
    """A file that declares `inputs` declares all of them.

    A variable that is missing there is nearly always a misspelling: the caller gives one name, the
    text asks for another, and rendering fails.

    Bad:

        inputs:
          claim: {type: string}
        messages:
          - role: user
            content: "Sort this claim: {{ clam }} {{ claim }}"

    Good:

        inputs:
          claim: {type: string}
        messages:
          - role: user
            content: "Sort this claim: {{ claim }}"
    """
    return ()  # the parser proves it
