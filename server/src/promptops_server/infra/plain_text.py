"""Which text may be stored: both databases, Git and a terminal must be able to hold and show the same characters."""

from __future__ import annotations

_ALLOWED_CONTROLS = "\n\r\t"


def storable(text: str) -> bool:
    """Whether every database takes the text: no NUL (PostgreSQL has none), no half surrogate (no UTF-8 has)."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def control_in(text: str, *, lines: bool) -> str | None:
    """The first character that is no plain text, as ``U+001B``; with `lines`, line ends and tabs may be there."""
    for c in text:
        control = c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff"
        if control and not (lines and c in _ALLOWED_CONTROLS):
            return f"U+{ord(c):04X}"
    return None
