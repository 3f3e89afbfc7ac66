"""Events out of Amazon's binary frames (`application/vnd.amazon.eventstream`), as Bedrock streams a model's answer. Pure.

A frame is two lengths with their checksum, headers, a payload, and a checksum of all. The payload of a `chunk` holds
one event of the model's own protocol in base64; an exception becomes that protocol's `error` event.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptops_server.providers.model import CallError

LONGEST = 24 * 1024 * 1024
"""Bytes of a frame; Amazon's own readers take no longer payload than this."""

_PRELUDE = struct.Struct("!III")
_OVERHEAD = 16
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; 6 (bytes) and 7 (text) say their length."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data, and its name."""

    data: str
    name: str = ""


class Decoder:
    """Takes bytes as they come and gives the events that are whole."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes completed. Raises `CallError` `bad_answer` for what is no such frame."""
        self._waiting += chunk
        events: list[Event] = []
        while len(self._waiting) >= _PRELUDE.size:
            total, heading, checksum = _PRELUDE.unpack_from(self._waiting)
            if binascii.crc32(self._waiting[:8]) != checksum:
                raise _bad("has a frame whose lengths are damaged")
            if not heading + _OVERHEAD <= total <= LONGEST:
                raise _bad("has a frame of an impossible length")
            if len(self._waiting) < total:
                break
            frame = bytes(self._waiting[:total])
            del self._waiting[:total]
            if binascii.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
                raise _bad("has a damaged frame")
            headers = _headers(frame[12 : 12 + heading])
            event = _event(headers, frame[12 + heading : -4])
            if event is not None:
                events.append(event)
        return events


def _headers(raw: bytes) -> dict[str, str]:
    """The headers whose value is a text."""
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(raw):
            name = raw[at + 1 : at + 1 + raw[at]].decode()
            at += 1 + raw[at]
            kind = raw[at]
            at += 1
            if kind in (6, 7):
                size = int.from_bytes(raw[at : at + 2], "big")
                at += 2
            else:
                size = _SIZES[kind]
            if kind == 7:
                headers[name] = raw[at : at + size].decode()
            at += size
    except (IndexError, KeyError, UnicodeDecodeError):
        raise _bad("has a frame with damaged headers") from None
    return headers


def _event(headers: Mapping[str, str], payload: bytes) -> Event | None:
    sort = headers.get(":message-type")
    if sort == "exception":
        said = _object(payload)
        return _error(headers.get(":exception-type", ""), str(said.get("message") or said.get("originalMessage") or ""))  # fmt: skip
    if sort == "error":
        return _error(headers.get(":error-code", ""), headers.get(":error-message", ""))
    if sort != "event" or headers.get(":event-type") != "chunk":
        return None
    try:
        data = base64.b64decode(str(_object(payload).get("bytes", "")), validate=True).decode()
    except ValueError:
        raise _bad("has an event that is not readable") from None
    # Whether it is JSON is for the reader of events, so that those before it still count.
    return Event(data, str(_object(data).get("type", "")))


def _error(kind: str, message: str) -> Event:
    error = {"type": "error", "error": {"type": kind, "message": message}}
    return Event(json.dumps(error), "error")


def _object(payload: bytes | str) -> dict[str, Any]:
    try:
        said = json.loads(payload)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _bad(what: str) -> CallError:
    return CallError("bad_answer", f"The endpoint's answer {what}.")
