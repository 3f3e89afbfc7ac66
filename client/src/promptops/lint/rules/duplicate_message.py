"""The rule `duplicate-message`."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.format import Message, key_text
from promptops.format.model import AnyMessage

from ..page import Hit, Page
from ..rule import rule


@rule(
    "duplicate-message",
    severity="warning",
    summary="A message is given twice.",
)
def duplicate_message(page: Page) -> Iterator[Hit]:
    """The same role with the same content costs tokens twice, and edits miss one of the two.

    Reported: a message equal to the one before it; an instruction (system, developer) given
    anywhere twice; an example (a user's message with its answer) given anywhere twice. Equal answers
    to different questions are not duplicates.

    Bad:

        messages:
          - role: system
            content: Answer in German.
          - role: user
            content: "{{ question }}"
          - role: system
            content: Answer in German.
          - role: user
            content: "{{ follow_up }}"

    Good:

        messages:
          - role: system
            content: Answer in German.
          - role: user
            content: "{{ question }}"
    """
    for group in page.groups():
        for number, twin in _twins(group.messages):
            yield page.at(
                (*group.path, number),
                f"this message is the same as {key_text((*group.path, twin))}",
                "remove one of the two",
            )


def _twins(messages: tuple[AnyMessage, ...]) -> Iterator[tuple[int, int]]:
    """The number of each duplicate, and of the message it repeats."""
    forms = [repr(message) for message in messages]
    first: dict[tuple[str, ...], int] = {}
    for number, message in enumerate(messages):
        if not isinstance(message, Message):
            continue
        if number and forms[number - 1] == forms[number]:
            yield number, number - 1
            continue
        if message.role in ("system", "developer"):
            key: tuple[str, ...] = (forms[number],)
        elif message.role == "user" and number + 1 < len(forms):
            key = (forms[number], forms[number + 1])
        else:
            continue
        twin = first.setdefault(key, number)
        if twin != number:
            yield number, twin
