"""The rule `trailing-role`."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.format import Message

from ..page import Hit, Page
from ..rule import rule

_INSTRUCTIONS = ("system", "developer")


@rule(
    "trailing-role",
    severity="warning",
    summary="The last message is not one that a model answers.",
)
def trailing_role(page: Page) -> Iterator[Hit]:
    """A model answers a user's message or a tool's result.

    A final `assistant` message is a beginning that some models continue and others refuse or ignore.
    A final instruction after a conversation leaves open what is to be answered. A prompt of
    instructions alone is fine: applications add the user's message, and fragments look like that.

    Bad:

        messages:
          - role: user
            content: "Sort this claim: {{ claim }}"
          - role: assistant
            content: "The team is "

    Good:

        messages:
          - role: user
            content: "Sort this claim: {{ claim }} Answer with the team's name alone."
    """
    for group in page.groups():
        last = group.messages[-1]
        if not isinstance(last, Message):
            continue
        path = (*group.path, len(group.messages) - 1, "role")
        if last.role == "assistant":
            yield page.at(
                path,
                "the prompt ends with an assistant message: some models continue it, others refuse",
                "end with a user message that says how the answer begins",
            )
        elif last.role in _INSTRUCTIONS and any(
            not isinstance(m, Message) or m.role not in _INSTRUCTIONS for m in group.messages
        ):
            yield page.at(
                path,
                f"the prompt ends with a {last.role} message: there is nothing to answer after it",
                "move it before the last user message",
            )
