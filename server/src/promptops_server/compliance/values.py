"""Values as a reader takes them in: a mapping or a list in one line of words, a time without its microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text_of(value: Any, limit: int = 600) -> str:
    """A value of the record in words, cut at `limit` characters."""
    text = _text(value, 0)
    return text if len(text) <= limit else text[:limit].rstrip() + " …"


def moment(text: str) -> str:
    """``2026-01-02T03:04:05.678901Z`` as ``2026-01-02 03:04:05 UTC``."""
    return text[:19].replace("T", " ") + " UTC"


def counted(count: int, word: str) -> str:
    """``1 gap``, ``2 gaps``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _text(value: Any, depth: int) -> str:
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if depth > 4:
            return "…"
        said = (
            f"{str(key).replace('_', ' ')}: {_text(item, depth + 1)}" for key, item in value.items()
        )
        return "; ".join(said)
    if isinstance(value, (list, tuple)):
        if depth > 4:
            return "…"
        items = [_text(item, depth + 1) for item in value]
        simple = all(not isinstance(item, (Mapping, list, tuple)) for item in value)
        return (", " if simple else " | ").join(items)
    return str(value)
