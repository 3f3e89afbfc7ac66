"""Cursor pages: an opaque text naming the last row seen, so that a page costs the same at any depth."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from promptops_server.infra.plain_text import storable
from promptops_server.infra.problems import BadRequest

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
_LONGEST = 4_000
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` in order; `next` is the cursor of the page after, or ``None`` at the end."""

    items: list[T]
    next: str | None


def encode(*keys: str | int) -> str:
    """The cursor of the row with these sort keys."""
    raw = json.dumps(keys, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(cursor: str, *types: type) -> list[Any]:
    """The sort keys in a cursor.

    Raises:
        BadRequest: the text is no cursor of this list.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor[:_LONGEST] + "=" * (-len(cursor) % 4))
        keys = json.loads(raw)
        if len(keys) == len(types) and all(map(_is_key, keys, types)):
            return list(keys)
    except (ValueError, TypeError, RecursionError):
        pass
    raise BadRequest(
        "The cursor is not one this list gave out.",
        remedy="Start again without `cursor`.",
        slug="bad-cursor",
    )


def _is_key(key: object, wanted: type) -> bool:
    """Whether a database can compare a column of that type with it."""
    if isinstance(key, str):
        return wanted is str and storable(key)
    return wanted is int and type(key) is int and key in _INTEGERS  # True is no number here


def page(rows: Sequence[T], limit: int, key: Callable[[T], tuple[str | int, ...]]) -> Page[T]:
    """A page from at most ``limit + 1`` rows: the extra row tells that there is more."""
    items = list(rows[:limit])
    return Page(items, encode(*key(items[-1])) if len(rows) > limit and items else None)
