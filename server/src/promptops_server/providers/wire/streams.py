"""Which way of streaming an endpoint's content type names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol, cast

from promptops_server.providers.wire.sse import Decoder, Event

_BY_TYPE = {"application/vnd.amazon.eventstream": "amazon_event_stream"}


class StreamDecoder(Protocol):
    """Takes bytes as they come and gives the events that are whole; an event's data is JSON."""

    def feed(self, chunk: bytes) -> list[Event]: ...


def decoder_of(content_type: str, *, asked_to_stream: bool) -> StreamDecoder | None:
    """What reads a body of this type; None for one that is read whole.

    Args:
        content_type: without parameters, in lower case.
        asked_to_stream: decides where the type does not tell.
    """
    if content_type in _BY_TYPE:
        module = importlib.import_module(
            f"promptops_server.providers.wire.{_BY_TYPE[content_type]}"
        )
        return cast("Callable[[], StreamDecoder]", module.Decoder)()
    if content_type == "text/event-stream":
        return Decoder()
    whole = "json" in content_type or content_type == "text/html"
    return Decoder() if asked_to_stream and not whole else None
