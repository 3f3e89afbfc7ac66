"""Writing YAML: the one way this product writes a prompt file.

Owns the house style: keys in a fixed order, two spaces, long or multi-line texts as literal blocks,
everything else on one line. What is written here reads back exactly, here and by readers of YAML
1.1. Changing a file that somebody else wrote is `editor`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import PromptOpsError
from .model import KEYS

LONG_TEXT = 100
"""Characters from which a text becomes a literal block even without a line break."""

_PLAIN = re.compile(r"[A-Za-z_/](?:[^\s:#,\[\]{}&*!|>'\"%@`]|:(?=[^\s,\[\]{}])| (?=[^\s#]))*")
_TRAP = re.compile(r"(?:y|n|yes|no|on|off|true|false|null)", re.IGNORECASE)
"""Words some reader takes for something other than a text."""

_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile('[\\\\"\n\r\t\u2028\u2029\ufeff]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NOT_LITERAL = re.compile("[\r\u2028\u2029\ufeff]")


class CannotWrite(PromptOpsError, ValueError):
    """The value has no form in a prompt file: a control character, NaN, or not plain data."""

    code = "cannot-write"


def dump(mapping: Mapping[str, Any]) -> str:
    """A new prompt file with the members of `mapping`, in our house order.

    Reads back as exactly the same values. Raises CannotWrite.
    """
    if not mapping:
        return "{}\n"
    place = {name: index for index, name in enumerate(KEYS)}
    ordered = sorted(mapping, key=lambda name: place.get(name, len(KEYS)))
    return block({name: mapping[name] for name in ordered}, 0) + "\n"


def block(value: Any, indent: int) -> str:
    """A non-empty mapping or list as lines indented by `indent` spaces, without a final break."""
    pad = " " * indent
    lines = []
    if isinstance(value, Mapping):
        for name, item in value.items():
            lines.append(f"{pad}{key(name)}:{after_colon(item, indent)}")
    else:
        for item in value:
            lines.append(f"{pad}-{after_dash(item, indent)}")
    return "\n".join(lines)


def after_colon(value: Any, indent: int) -> str:
    """What follows `key:` for a key indented by `indent` spaces."""
    if isinstance(value, Mapping | list | tuple) and value:
        return "\n" + block(value, indent + 2)
    return " " + scalar(value, indent)


def after_dash(value: Any, indent: int) -> str:
    """What follows the dash of a list item whose dash is indented by `indent` spaces."""
    if isinstance(value, Mapping | list | tuple) and value:
        return " " + block(value, indent + 2)[indent + 2 :]
    return " " + scalar(value, indent)


def scalar(value: Any, indent: int) -> str:
    """A scalar or an empty collection; a literal block is indented two more than `indent`."""
    if isinstance(value, str):
        return text(value, indent)
    return flow(value)


def text(value: str, indent: int) -> str:
    """A string in the most readable form that keeps it exactly."""
    if ("\n" in value or len(value) > LONG_TEXT) and can_be_literal(value):
        return literal(value, indent, indent + 2)
    return one_line(value)


def one_line(value: str, style: str = "") -> str:
    """A string on one line: plain if that is safe, else quoted. `style` prefers a kind of quotes."""
    _check(value)
    if not style and _PLAIN.fullmatch(value) and not _TRAP.fullmatch(value):
        return value
    escapes = _ESCAPE.search(value) is not None
    if style != '"' and (style == "'" or '"' in value or "\\" in value):
        bare = value.replace('"', "").replace("\\", "")
        if not escapes or _ESCAPE.search(bare) is None:
            return "'" + value.replace("'", "''") + "'"
    return '"' + _ESCAPE.sub(_escaped, value) + '"'


def can_be_literal(value: str) -> bool:
    """Whether a literal block can hold this text exactly."""
    return bool(value.strip()) and _NOT_LITERAL.search(value) is None


def literal(value: str, indent: int, body_indent: int) -> str:
    """A literal block: header and lines. `indent` is the parent's, `body_indent` the lines'."""
    _check(value)
    body = value.rstrip("\n")
    breaks = len(value) - len(body)
    chomp = "-" if breaks == 0 else "" if breaks == 1 else "+"
    # Without the digit, a first line that is blank or indented would set the block's indentation.
    digit = str(body_indent - indent) if body[0] in " \t\n" else ""
    pad = " " * body_indent
    lines = [pad + line if line else "" for line in body.split("\n")]
    lines += [""] * max(0, breaks - 1)
    return f"|{digit}{chomp}\n" + "\n".join(lines)


def flow(value: Any) -> str:
    """Any value on one line, in flow style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    raise CannotWrite(f"a {type(value).__name__} has no form in a prompt file")


def key(name: str) -> str:
    """A mapping's key on one line."""
    if not isinstance(name, str):
        raise CannotWrite(f"a key must be a text, not {type(name).__name__}")
    written = one_line(name)
    if len(written) > 1000:  # a YAML reader gives up on longer ones
        raise CannotWrite(f"the key {name[:40]!r}… is too long")
    return written


def _float(value: float) -> str:
    written = repr(value)
    if written in ("inf", "-inf", "nan"):
        raise CannotWrite(f"{written} has no form in a prompt file")
    mantissa, e, exponent = written.partition("e")
    if e and "." not in mantissa:
        # Readers of YAML 1.1 take 1e-05 for a text.
        mantissa += ".0"
    return mantissa + e + exponent


def _check(value: str) -> None:
    found = _NEVER.search(value)
    if found is not None:
        code = ord(found.group())
        raise CannotWrite(f"the character U+{code:04X} cannot stand in a prompt file")


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"
