"""Whether a text may become a policy of the installation: its syntax, its words, and that it only forbids.

Pure. Cedar tells what is wrong but not where; the line is that of the statement, or of the word Cedar names in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import cedarpy

from promptops_server.access.cedar import schema, statements

MAX_TEXT = 20_000
"""Characters of one policy."""
_PREFIX = re.compile(r"^for policy `policy\d+`, ")
_QUOTED = re.compile(r"`([^`]+)`|'([^']+)'")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, with its line (from 1)."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement of a text as it is written, and the line on which it starts."""

    line: int
    text: str


def faults(text: str) -> list[Fault]:
    """Everything that keeps the text from being a policy of the installation; nothing when it may be one."""
    found = pieces(text)
    if not found:
        return [Fault(1, "There is no policy in this text.")]
    return [fault for piece in found for fault in _of(piece)]


def _of(piece: Piece) -> Iterator[Fault]:
    try:
        parsed = statements(piece.text)
    except ValueError as error:
        yield Fault(_line(piece, str(error)), f"{str(error)[:300]}.")
        return
    for statement in parsed:
        if statement["effect"] != "forbid":
            yield Fault(
                piece.line,
                "Only forbid is accepted here: a permit could open more than a role does. "
                "A further condition is written forbid … unless.",
            )
            return
        if "slot" in str(statement["principal"]) or "slot" in str(statement["resource"]):
            yield Fault(piece.line, "A template decides nothing: name who and what it is about.")
            return
    for wrong in cedarpy.validate_policies(piece.text, schema()).errors:
        message = _PREFIX.sub("", wrong.error)
        yield Fault(_line(piece, message), f"{message[:300]}.")


def _line(piece: Piece, message: str) -> int:
    for match in _QUOTED.finditer(message):
        word = match[1] or match[2]
        at = [m.start() for m in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", piece.text)]
        if len(at) == 1:
            return piece.line + piece.text.count("\n", 0, at[0])
    return piece.line


_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|[^\s]', re.DOTALL)


def pieces(text: str) -> list[Piece]:
    """The statements of a text, told apart by their semicolons outside of strings and comments."""
    found: list[Piece] = []
    start: int | None = None
    for match in _TOKEN.finditer(text):
        found_here = match[0]
        if found_here.startswith("//"):
            continue
        if start is None:
            start = match.start()
        if found_here == ";":
            found.append(_piece(text, start, match.end()))
            start = None
    if start is not None:
        found.append(_piece(text, start, len(text)))
    return found


def _piece(text: str, start: int, end: int) -> Piece:
    return Piece(1 + text.count("\n", 0, start), text[start:end].rstrip())
