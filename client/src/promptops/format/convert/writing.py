"""What writers of formats share: the messages of a prompt as pieces, and naming what is not carried.

Owns the rule that every key of a prompt file is either carried or a loss by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import Message, Placeholder
from ..yaml_text import dump
from . import Loss, Outgoing, Written
from .templates import Left, Pieces, from_ours


@dataclass(slots=True)
class Losses:
    """Collects what one prompt loses, each once."""

    prompt: str
    found: list[Loss] = field(default_factory=list)

    def add(self, reason: str, *key: str | int) -> None:
        """Something was not carried: the key it stood under, and why."""
        loss = Loss(self.prompt, reason, key)
        if loss not in self.found:
            self.found.append(loss)

    def uncarried(self, prompt: Outgoing, carried: Collection[str], format_name: str) -> None:
        """Name every key the file has and the format has no place for."""
        for key, value in prompt.file.data.items():
            if value is not None and key not in carried and key not in ("messages", "template"):
                self.add(f"{format_name} has no place for it", key)
        if prompt.file.template == "jinja2":
            self.add("it has plain variables only and was written as such", "template")


@dataclass(frozen=True, slots=True)
class Turn:
    """A message as pieces. `number` is its place in the prompt file."""

    role: str
    pieces: Pieces
    number: int


Turns = list["Turn | Placeholder"]


def turns_of(
    prompt: Outgoing,
    losses: Losses,
    *,
    roles: Sequence[str] = ("system", "user", "assistant"),
    placeholders: bool = False,
    trimmed: bool = False,
) -> Turns:
    """The messages a format with text messages can hold. Raises Left when too much is missing.

    `trimmed`: the format drops white space around a message.
    """
    turns: Turns = []
    for number, message in enumerate(prompt.file.messages):
        if isinstance(message, Placeholder):
            if placeholders:
                turns.append(message)
            else:
                reason = f"there is no place for the messages of {message.name!r}"
                losses.add(reason, "messages", number)
            continue
        turns.append(_turn(prompt, losses, number, message, roles, trimmed))
    if not any(isinstance(turn, Turn) for turn in turns) and not placeholders:
        raise Left("it has no message of its own")
    return turns


def _turn(
    prompt: Outgoing,
    losses: Losses,
    number: int,
    message: Message,
    roles: Sequence[str],
    trimmed: bool,
) -> Turn:
    role = message.role
    if role == "developer" and role not in roles:
        losses.add("the role developer became system", "messages", number, "role")
        role = "system"
    if role not in roles:
        raise Left(f"messages[{number}] has the role {role}, which this format does not have")
    for name in message.extra:
        losses.add("there is no place for it", "messages", number, name)
    if message.content is None:
        raise Left(f"messages[{number}] has only tool calls, which this format does not have")
    if isinstance(message.content, str):
        text = message.content
    else:
        kinds = [part.type for part in message.content if part.type != "text"]
        if kinds:
            raise Left(f"messages[{number}] has a part of type {kinds[0]}, which has no place here")
        losses.add("its text parts became one text", "messages", number, "content")
        text = "\n\n".join(str(part.value["text"]) for part in message.content)
    pieces = from_ours(text, prompt.file.template)
    if trimmed and text != text.strip():
        losses.add("white space around the text is dropped", "messages", number, "content")
        pieces = from_ours(text.strip(), prompt.file.template)
    if trimmed and "\r" in text:
        raise Left(f"messages[{number}] has carriage returns, which this format does not keep")
    return Turn(role, pieces, number)


def governance(prompt: Outgoing, keys: Iterable[str]) -> dict[str, Any]:
    """These members of the file, as written, that it has."""
    data = prompt.file.data
    return {key: data[key] for key in keys if data.get(key) is not None}


def with_header(head: Mapping[str, Any], body: str) -> str:
    """A text file with a YAML header between `---` lines."""
    return f"---\n{dump(head) if head else ''}---\n{body}"


def one_array(
    name: str,
    prompts: Sequence[Outgoing],
    write_one: Callable[[Outgoing, Losses], dict[str, Any]],
) -> Written:
    """One JSON file `name` with an array of what `write_one` gives; a prompt it leaves is a loss."""
    items: list[dict[str, Any]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            items.append(write_one(prompt, lost))
        except Left as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
        else:
            losses += lost.found
    if not items:
        return Written((), tuple(losses))
    text = json.dumps(items, ensure_ascii=False, indent=2) + "\n"
    return Written(((name, text),), tuple(losses))
