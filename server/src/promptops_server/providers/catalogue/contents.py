"""Joining the contents of messages: plain texts with an empty line between, everything else as parts."""

from __future__ import annotations

from typing import Any

BETWEEN = "\n\n"


def joined(first: Any, second: Any) -> Any:
    """Two contents as one."""
    if not first:
        return second
    if not second:
        return first
    if isinstance(first, str) and isinstance(second, str):
        return first + BETWEEN + second
    return [*as_parts(first), *as_parts(second)]


def as_parts(content: Any) -> list[Any]:
    """A content as a list of parts."""
    if not content:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)
