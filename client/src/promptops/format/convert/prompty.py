"""Prompty files (`.prompty`), versions 1 and 2; written in version 2.

Read: one file or a folder of them. Keys and endpoints of connections never come in; a note says so.
Jinja2 and Mustache beyond plain variables is refused. Write: one file per prompt; what version 2 has
no place for but may keep goes into `metadata.promptops`. Option: `module`, a folder for all prompts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Placeholder
from ..naming import Namer
from ..yaml_text import CannotWrite
from . import CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .prompty_header import read_header
from .prompty_writing import header
from .reading import (
    as_text,
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
from .templates import READERS, Left, Piece, Pieces, Var, to_jinja, to_ours
from .writing import Losses, Turn, turns_of, with_header

NAME = "prompty"
EXTENSIONS = (".prompty",)

_ROLES = ("system", "user", "assistant", "developer", "tool")
_HEADING = re.compile(
    r"^[ \t]*#?[ \t]*(system|user|assistant|developer|tool|function)[ \t]*(\[[^\]\n]*\])?[ \t]*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the files. Raises CannotConvert for one that is no Prompty file, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    prompts: list[Converted] = []
    losses: list[Loss] = []
    found = list(documents(source, EXTENSIONS, "Prompty file"))
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
    head, body = frontmatter(text_of(source, "Prompty file"), "Prompty file")
    if not head:
        raise CannotConvert("it is no Prompty file: it has no header between --- lines")
    notes: list[str] = []
    members, threads, dialect = read_header(head, losses, notes)
    messages, texts = _messages(body, READERS[dialect], threads, losses)
    plain = as_text(head.get("name"))
    if plain is not None and plain not in (members.get("name"), stem.rpartition("/")[2]):
        losses.add(f"name is not carried: {plain[:100]!r}, because displayName is the name here")
    members["messages"] = messages
    placeholders = [message["placeholder"] for message in messages if "placeholder" in message]
    inputs = members.get("inputs")
    if isinstance(inputs, dict):
        for name in threads:
            if name not in placeholders:
                losses.add(f"the thread {name!r} is not in the text and not carried")
        declare(inputs, texts, placeholders, notes)
    path = path_of(stem, str(members.get("name") or ""))
    return finish(prefix + path, members, notes, namer)


def _messages(
    body: str, reader: Any, threads: Sequence[str], losses: Losses
) -> tuple[list[dict[str, Any]], list[Pieces]]:
    """The body cut at its role headings; a thread in the text becomes a placeholder."""
    cuts: list[tuple[str, int, int]] = [("system", 0, 0)]
    for found in _HEADING.finditer(body):
        role = found[1].lower()
        if found[2]:
            losses.add(f"the attributes {found[2]} of a {role} message are not carried")
        cuts.append(("tool" if role == "function" else role, found.start(), found.end()))
    messages: list[dict[str, Any]] = []
    texts: list[Pieces] = []
    ends = [start for _, start, _ in cuts[1:]] + [len(body)]
    for (role, start, after), end in zip(cuts, ends, strict=True):
        had = len(messages)
        for part in _split(reader(body[after:end].strip()), threads):
            if isinstance(part, Var):
                messages.append({"placeholder": part.name})
                continue
            text = to_ours(part).strip()
            if text:
                texts.append(part)
                messages.append({"role": role, "content": text})
        if len(messages) == had and after > start:
            losses.add(f"a {role} message without text is not carried")
    if not messages:
        raise Left("it has no text")
    return messages, texts


def _split(pieces: Pieces, threads: Sequence[str]) -> list[Pieces | Var]:
    parts: list[Pieces | Var] = []
    text: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Var) and piece.name in threads:
            parts += [tuple(text), piece]
            text = []
        else:
            text.append(piece)
    return [*parts, tuple(text)]


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
            files.append((f"{prompt.name}.prompty", text))
            losses += lost.found
    return Written(tuple(files), tuple(losses))


def _body(prompt: Outgoing, losses: Losses) -> str:
    parts = []
    turns = turns_of(prompt, losses, roles=_ROLES, placeholders=True, trimmed=True)
    threads = [turn.name for turn in turns if isinstance(turn, Placeholder)]
    for turn in turns:
        if isinstance(turn, Turn):
            text = to_jinja(turn.pieces)
            found = _HEADING.search(text)
            if found is not None:
                line = found.group().strip()
                raise Left(f"messages[{turn.number}] has a line {line!r}, a role heading there")
            if any(isinstance(piece, Var) and piece.name in threads for piece in turn.pieces):
                raise Left("a name stands for messages and for text at once")
            parts.append(f"{turn.role}:\n{text}\n")
        else:
            parts.append(to_jinja((Var(turn.name),)) + "\n")
    return "\n".join(parts)
