"""How long an endpoint asks to be left alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 86_400.0
_SAID = re.compile(
    r"(?:try again|retry) (?:in|after) (?:(?P<m>\d{1,4})m)?(?P<n>\d{1,7}(?:\.\d{1,9})?) ?(?P<unit>ms|s)",
    re.IGNORECASE,
)


def retry_after(
    headers: Mapping[str, str], message: str = "", *, now: datetime | None = None
) -> float | None:
    """Seconds to wait, from `retry-after-ms`, `retry-after` (seconds or a date) or the sentence; None where nothing says.

    Never less than 0 nor more than a day.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    millis = _number(lower.get("retry-after-ms", ""))
    if millis is not None:
        return _within(millis / 1000)
    after = lower.get("retry-after", "").strip()
    seconds = _number(after)
    if seconds is None and after:
        seconds = _until(after, now or datetime.now(UTC))
    if seconds is not None:
        return _within(seconds)
    said = _SAID.search(message)
    if said is None:
        return None
    amount = float(said["n"]) / (1000 if said["unit"].lower() == "ms" else 1)
    return _within(amount + 60 * float(said["m"] or 0))


def _number(text: str) -> float | None:
    text = text.strip().removesuffix("s")
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text, re.ASCII) else None


def _until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return (then - now).total_seconds()


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)
