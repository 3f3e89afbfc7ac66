"""Times as they are sent in questions about the log."""

from __future__ import annotations

from promptops_server.infra import clock
from promptops_server.infra.problems import BadRequest


def moment(name: str, given: str | None) -> int | None:
    """Microseconds since 1970 of an RFC 3339 time. Raises BadRequest."""
    if given is None:
        return None
    try:
        return clock.from_text(given)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"`{name}` is no time.", remedy="Write it as 2026-01-02T03:04:05Z."
        ) from None
