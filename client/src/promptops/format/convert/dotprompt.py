"""Dotprompt files (`.prompt`): a header and a Handlebars text.

Read: one file or a folder of them; plain variables, `{{role}}` and `{{history}}` only, every other
helper is refused by name; `name.variant.prompt` is a prompt of its own, `name.variant`. Write: one file
per prompt; what Dotprompt has no key for but may keep goes below `promptops.` keys. Option: `module`, a
folder for all prompts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Placeholder
from ..naming import Namer
from ..yaml_text import CannotWrite
from . import CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .dotprompt_header import header, read_header
from .reading import (
    check_options,
    conclude,
    declare,
    documents,
    finish,
    frontmatter,
    path_of,
    prefix_of,
    text_of,
)
from .templates import Left, Pieces, from_handlebars, to_handlebars, to_ours
from .writing import Losses, Turn, turns_of, with_header

NAME = "dotprompt"
EXTENSIONS = (".prompt",)

_MARK = re.compile(
    r"""(?<!\\)\{\{\s*(?:role\s+(?:"(?P<double>\w+)"|'(?P<single>\w+)')|(?P<history>history))\s*\}\}"""
)
_IN = {"model": "assistant"}
_OUT = {"assistant": "model"}
_ROLES = ("system", "user", "assistant", "tool")


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the files. Raises CannotConvert for one that is no Dotprompt file, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    prompts: list[Converted] = []
    losses: list[Loss] = []
    found = list(documents(source, EXTENSIONS, "Dotprompt file"))
    for stem, file in found:
        lost = Losses(stem or "the file")
        try:
            prompts.append(_read(stem, file, prefix, namer, lost))
        except (Left, CannotConvert) as error:
            losses.append(Loss(lost.prompt, str(error)))
        else:
            losses += lost.found
    return conclude(prompts, losses, single=len(found) == 1)


def _read(stem: str, source: Source, prefix: str, namer: Namer, losses: Losses) -> Converted:
    head, body = frontmatter(text_of(source, "Dotprompt file"), "Dotprompt file")
    notes: list[str] = []
    members, variant = read_header(head, losses)
    messages, texts = _messages(body)
    members["messages"] = messages
    placeholders = [message["placeholder"] for message in messages if "placeholder" in message]
    if isinstance(members.get("inputs"), dict):
        declare(members["inputs"], texts, placeholders, notes)
    path = path_of(stem, str(members.get("name") or ""))
    if variant and not path.endswith("." + variant):
        path = path_of(f"{path}.{variant}")
    return finish(prefix + path, members, notes, namer)


def _messages(body: str) -> tuple[list[dict[str, Any]], list[Pieces]]:
    messages: list[dict[str, Any]] = []
    texts: list[Pieces] = []
    role, done = "user", 0

    def take(text: str) -> None:
        pieces = from_handlebars(text.strip())
        if pieces:
            texts.append(pieces)
            messages.append({"role": role, "content": to_ours(pieces)})

    for found in _MARK.finditer(body):
        take(body[done : found.start()])
        done = found.end()
        if found["history"]:
            messages.append({"placeholder": "history"})
            role = "model"
        else:
            role = found["double"] or found["single"]
        role = _IN.get(role, role)
    take(body[done:])
    if not messages:
        raise Left("it has no text")
    return messages, texts


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One file per prompt. Raises BadOption."""
    check_options(options, ())
    files: list[tuple[str, str]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            body = _body(prompt, lost)
            text = with_header(header(prompt, lost), body)
        except (Left, CannotWrite) as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
        else:
            files.append((f"{prompt.name}.prompt", text))
            losses += lost.found
    return Written(tuple(files), tuple(losses))


def _body(prompt: Outgoing, losses: Losses) -> str:
    parts = []
    turns = turns_of(prompt, losses, roles=_ROLES, placeholders=True, trimmed=True)
    for turn in turns:
        if isinstance(turn, Turn):
            text = to_handlebars(turn.pieces)
            mark = f'{{{{role "{_OUT.get(turn.role, turn.role)}"}}}}'
            found, expected = _messages(f"{mark}\n{text}\n")
            if len(found) != 1 or expected != [turn.pieces]:
                raise Left(f"messages[{turn.number}] has text that is a helper there")
            parts.append(f"{mark}\n{text}\n")
        elif isinstance(turn, Placeholder) and turn.name != "history":
            raise Left(f"the placeholder {turn.name!r} has no form: Dotprompt has history only")
        else:
            parts.append("{{history}}\n")
    return "\n".join(parts)
