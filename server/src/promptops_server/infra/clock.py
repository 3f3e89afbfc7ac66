"""Server time: whole microseconds since 1970 in UTC, and their RFC 3339 text.

Integers sort and compare the same in SQLite, PostgreSQL and Python, which text and float times do not.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_us() -> int:
    """The server's wall clock, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def to_text(us: int) -> str:
    """RFC 3339 in UTC with microseconds, e.g. ``2026-01-02T03:04:05.678901Z``."""
    seconds, micros = divmod(us, 1_000_000)
    stamp = datetime.fromtimestamp(seconds, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def seconds_to_text(seconds: int) -> str | None:
    """RFC 3339 in UTC of whole seconds somebody claimed; None when no calendar has such a year."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None


def from_text(text: str) -> int:
    """Microseconds of an RFC 3339 time; a time without an offset is taken as UTC.

    Raises:
        ValueError: the text is no RFC 3339 time.
    """
    stamp = datetime.fromisoformat(text.strip())
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    delta = stamp - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
