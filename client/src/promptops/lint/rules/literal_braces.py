"""The rule `literal-braces`."""

from __future__ import annotations

from collections.abc import Iterable

from ..page import Hit, Page
from ..rule import codes, rule


@rule(
    "literal-braces",
    severity="warning",
    summary="Double braces that are no variable stay in the text.",
    takes=codes("literal-braces"),
)
def literal_braces(page: Page) -> Iterable[Hit]:
    """`{{ name }}` is replaced; anything else between double braces reaches the model as it is.

    Usually that is a misspelt variable or an expression of another template language. To say that
    braces are meant, quote them.

    Bad:

        messages:
          - role: user
            content: "Dear {{ customer name }}, about {{ claim }}"

    Good:

        messages:
          - role: user
            content: 'Dear {{ customer_name }}, write {{ "{{ claim }}" }} where the claim belongs.'
    """
    return ()  # the parser proves it
