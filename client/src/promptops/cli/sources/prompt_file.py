"""Writing a new prompt file from a few plain values, in the form a person would have written it.

Owns the YAML of files that do not exist yet. Editing existing ones, keeping comments and order, is
not done here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ .,'()/+-]+[A-Za-z0-9_]+)*[.!)]?")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_NOT_IN_BLOCK = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]"
)

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters a prompt file cannot hold."""


def write_prompt_file(
    *,
    name: str,
    text: str,
    role: str,
    description: str = "",
    tags: Sequence[str] = (),
) -> str:
    """A prompt file with one message. The values come back unchanged when it is read.

    None of them may hold a character of `UNWRITABLE`.
    """
    lines = [f"name: {_scalar(name)}"]
    if description:
        lines.append(f"description: {_text(description, 2)}")
    if tags:
        lines.append("tags:")
        lines += [f"  - {_scalar(tag)}" for tag in tags]
    lines += ["messages:", f"  - role: {role}", f"    content: {_text(text, 6)}"]
    return "\n".join(lines) + "\n"


def _scalar(value: str) -> str:
    """One line: plain where nobody could read it as anything but text, else quoted."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    """A double-quoted scalar: JSON's form of a string is one, but for what YAML calls a line end."""
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff]", lambda c: f"\\u{ord(c.group()):04x}", quoted)


def _text(value: str, indent: int) -> str:
    """A literal block for several lines, else a scalar."""
    if "\n" not in value or not value.strip() or _NOT_IN_BLOCK.search(value):
        return _scalar(value)
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    chomp = {0: "-", 1: ""}.get(ends, "+")
    # Leading blanks would be taken for indentation, so its depth is said. It counts from the parent.
    hint = "2" if value[0] in " \t\n" else ""
    lines = body.split("\n") + [""] * (ends - 1 if ends > 1 else 0)
    padding = " " * indent
    return "\n".join([f"|{hint}{chomp}", *(padding + line if line else "" for line in lines)])
