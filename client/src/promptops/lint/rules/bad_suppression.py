"""The rule `bad-suppression`."""

from __future__ import annotations

from collections.abc import Iterator

from ..page import Hit, Page
from ..rule import rule


@rule(
    "bad-suppression",
    severity="warning",
    summary="A suppression comment names no rule, an unknown rule, or no reason.",
    reads="text",
)
def bad_suppression(page: Page) -> Iterator[Hit]:
    """`# promptops-lint: ignore=RULE reason` suppresses nothing without a rule and a reason.

    Several rules are separated by commas, without blanks.

    Bad:

        messages:
          - role: user
            content: "Sort the claim."
          - role: assistant  # promptops-lint: ignore=trailing-role
            content: "Team: "

    Good:

        messages:
          - role: user
            content: "Sort the claim."
          - role: assistant  # promptops-lint: ignore=trailing-role our own model continues it
            content: "Team: "
    """
    # Not at the top: the list of rules is made by loading this file.
    from ..choice import UnknownRule, known

    for comment in page.suppressions:
        if not comment.ids:
            yield page.at_offset(
                comment.index,
                "this comment cannot be understood and suppresses nothing",
                "write # promptops-lint: ignore=RULE reason",
            )
            continue
        for id in comment.ids:
            try:
                known(id)
            except UnknownRule as error:
                fix = "see promptops lint --list"
                yield page.at_offset(comment.index, str(error), fix)
        if not comment.reason:
            yield page.at_offset(
                comment.index,
                "this comment gives no reason and suppresses nothing",
                f"write # promptops-lint: ignore={','.join(comment.ids)} and why",
            )
