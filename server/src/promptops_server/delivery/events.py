"""The events of the stream, as the bytes that go over the wire: serialised once, shared by every follower."""

from __future__ import annotations

from typing import NamedTuple

from promptops.delivery.header import Header, Position
from promptops.delivery.strict import compact_json
from promptops_server.delivery.layout import position_text
from promptops_server.delivery.timeline import Step

KEEP_ALIVE = b": keep-alive\n\n"

ARTIFACTS_LIMIT = 256 * 1024
"""Characters of artifacts that an event carries; above, followers fetch them by digest."""


class Event(NamedTuple):
    """One event. `position` is a release's position; None for events that are not releases."""

    position: Position | None
    data: bytes


def hello(header: Header) -> bytes:
    """The head, first event of every stream."""
    return _event("hello", compact_json({"header": header.to_value()}))


def release(step: Step) -> Event:
    """One release."""
    artifacts = step.artifacts
    if artifacts is not None and sum(map(len, artifacts.values())) > ARTIFACTS_LIMIT:
        artifacts = None
    data = compact_json({"header": step.header.to_value(), "artifacts": dict(artifacts or {})})
    return Event(step.position, _event("release", data, str(step.position)))


def as_of(header: Header) -> Event:
    """The head was vouched for again."""
    return Event(None, _event("as_of", compact_json({"header": header.to_value()})))


def reset(position: Position) -> Event:
    """The stream does not continue from where the follower is; the snapshot does."""
    return Event(position, _event("reset", position_text(position)))


def _event(name: str, data: str, event_id: str = "") -> bytes:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {data}\n\n".encode()
