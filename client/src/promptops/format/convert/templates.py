"""Template texts of other tools: which of their braces are plain variables, and how to write ours there.

Owns the dialects. A text is read into pieces, literal text and variables; whatever else a dialect
knows (conditions, loops, filters, partials) is logic and refused by name, because our plain template
has no place for it. Writing is checked by reading back, so a text either arrives or is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..template import VARIABLE_NAME, Include, Variable, compile_template


class Left(ValueError):
    """A prompt is left behind, and why."""


@dataclass(frozen=True, slots=True)
class Var:
    """A variable of a template."""

    name: str


Piece: TypeAlias = str | Var
Pieces: TypeAlias = tuple[Piece, ...]

_PLAIN = re.compile(r"\{\{[ \t]*(?P<name>" + VARIABLE_NAME.pattern + r")[ \t]*\}\}", re.ASCII)
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_JINJA = re.compile(
    r"\{\{\s*(?:(?P<name>" + _NAME + r")|"
    r'"(?P<double>[^"\\]*)"|' + r"'(?P<single>[^'\\]*)')\s*\}\}"
    r"|(?P<logic>\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)|\{#.*?(?:#\}|\Z))",
    re.ASCII | re.DOTALL,
)
_JINJA_WORDS = frozenset(
    ("true", "false", "none", "True", "False", "None", "loop", "self", "super", "caller", "range")
)
_BRACES = re.compile(
    r"\{\{\{\s*(?P<triple>[A-Za-z_][A-Za-z0-9_-]*)\s*\}\}\}"
    r"|\{\{\s*&?\s*(?P<name>[A-Za-z_][A-Za-z0-9_-]*)\s*\}\}"
    r"|(?P<logic>\{\{.*?(?:\}\}|\Z))",
    re.ASCII | re.DOTALL,
)
_HANDLEBARS_WORDS = frozenset(("else", "this", "history", "true", "false", "null", "undefined"))


def from_plain(text: str) -> Pieces:
    """Text with `{{ name }}` as its only mark (Langfuse, MLflow)."""
    return _scan(_PLAIN, text, lambda found: Var(found["name"]))


def from_ours(text: str, template: str = "plain") -> Pieces:
    """A text of a prompt file. Raises Left for a fragment reference or for Jinja2 logic."""
    if template == "jinja2":
        return from_jinja(text)
    pieces: list[Piece] = []
    for segment in compile_template(text):
        if isinstance(segment, Include):
            raise Left(f"it includes the fragment {segment.target!r}, which is not resolved")
        pieces.append(Var(segment.name) if isinstance(segment, Variable) else segment.text)
    return _merged(pieces)


def from_jinja(text: str) -> Pieces:
    """Jinja2 or Nunjucks. Raises Left for anything but variables and quoted text."""

    def piece(found: re.Match[str]) -> Piece:
        if found["logic"] is not None or found["name"] in _JINJA_WORDS:
            raise Left(f"its text has logic beyond plain variables: {_short(found.group())}")
        if found["name"] is not None:
            return Var(found["name"])
        return str(found["double"] if found["double"] is not None else found["single"])

    return _scan(_JINJA, text, piece)


def from_mustache(text: str) -> Pieces:
    """Mustache. Raises Left for anything but variables."""
    return _scan(_BRACES, text, _brace_piece)


def from_handlebars(text: str) -> Pieces:
    r"""Handlebars. `\{{` is literal text up to the next braces. Raises Left for logic."""
    pieces: list[Piece] = []
    rest = text
    while "{{" in rest:
        at = rest.index("{{")
        before = rest[:at]
        if before.endswith("\\") and not before.endswith("\\\\"):
            following = rest.find("{{", at + 2)
            end = len(rest) if following < 0 else following
            if following > 0 and rest[following - 1] == "\\":
                end -= 1  # the next one is literal too
            pieces += [before[:-1], rest[at:end]]
            rest = rest[end:]
            continue
        pieces.append(before[:-1] if before.endswith("\\\\") else before)
        found = _BRACES.match(rest, at)
        assert found is not None  # the last alternative takes any braces
        if (found["triple"] or found["name"]) in _HANDLEBARS_WORDS:
            raise Left(f"its text has logic beyond plain variables: {_short(found.group())}")
        pieces.append(_brace_piece(found))
        rest = rest[found.end() :]
    return _merged([*pieces, rest])


def to_plain(pieces: Pieces) -> str:
    """For Langfuse and MLflow. Raises Left where literal braces would read as a variable."""
    return _checked(pieces, str, lambda name: "{{" + name + "}}", from_plain)


def to_ours(pieces: Pieces) -> str:
    """The text of a prompt file; braces are quoted only where they must be. Raises Left."""

    def spaced(name: str) -> str:
        return "{{ " + name + " }}"

    try:
        return _checked(pieces, str, spaced, from_ours)
    except Left:
        return _checked(pieces, _quoted(re.compile(r"\{(?=\{)|\{\Z")), spaced, from_ours)


def to_jinja(pieces: Pieces) -> str:
    """For Jinja2 and Nunjucks. Raises Left for a name that is an expression there."""
    # Single quotes, because such a text may stand inside JSON.
    quoted = _quoted(re.compile(r"\{(?=[{%#])|\{\Z"), "{{ '{' }}")
    return _checked(pieces, quoted, lambda name: "{{" + name + "}}", from_jinja)


def to_handlebars(pieces: Pieces) -> str:
    """For Dotprompt. Raises Left for a name that is a path there."""

    def escaped(text: str) -> str:
        text = re.sub(r"\{\{", r"\\{{", text)
        return text + "\\" if text.endswith("\\") else text

    return _checked(pieces, escaped, lambda name: "{{" + name + "}}", from_handlebars)


def variables_of(pieces: Iterable[Piece]) -> list[str]:
    """The names of the variables, each once."""
    return list(dict.fromkeys(piece.name for piece in pieces if isinstance(piece, Var)))


READERS: Mapping[str, Callable[[str], Pieces]] = {
    "jinja2": from_jinja,
    "nunjucks": from_jinja,
    "mustache": from_mustache,
    "handlebars": from_handlebars,
}


def _quoted(braces: re.Pattern[str], quoted: str = '{{ "{" }}') -> Callable[[str], str]:
    return lambda text: braces.sub(quoted, text)


def _brace_piece(found: re.Match[str]) -> Piece:
    name = found["triple"] or found["name"]
    if name is None or VARIABLE_NAME.fullmatch(name) is None:
        raise Left(f"its text has logic beyond plain variables: {_short(found.group())}")
    return Var(name)


def _scan(pattern: re.Pattern[str], text: str, make: Callable[[re.Match[str]], Piece]) -> Pieces:
    pieces: list[Piece] = []
    done = 0
    for found in pattern.finditer(text):
        pieces += [text[done : found.start()], make(found)]
        done = found.end()
    return _merged([*pieces, text[done:]])


def _merged(pieces: Iterable[Piece]) -> Pieces:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    return tuple(merged)


def _checked(
    pieces: Pieces,
    literal: Callable[[str], str],
    variable: Callable[[str], str],
    back: Callable[[str], Pieces],
) -> str:
    text = "".join(literal(p) if isinstance(p, str) else variable(p.name) for p in pieces)
    for name in variables_of(pieces):
        try:
            known = back(variable(name)) == (Var(name),)
        except Left:
            known = False
        if not known:
            raise Left(f"the variable {name!r} has no form in this format")
    try:
        same = back(text) == pieces
    except Left:
        same = False
    if not same:
        raise Left("its text has braces that would be read as something else in this format")
    return text


def _short(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 60 else text[:60] + "…")
