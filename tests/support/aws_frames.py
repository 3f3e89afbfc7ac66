"""Amazon's binary frames of an event stream, as its servers write them."""

from __future__ import annotations

import base64
import json
import struct
from binascii import crc32

STRING = 7


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: two lengths and their checksum, headers, payload, checksum of all."""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", STRING, len(value)) + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return message + struct.pack("!I", crc32(message))


def frame_of_event(text: str) -> bytes:
    """An event of a model's answer: its JSON in base64 in a `chunk`."""
    payload = json.dumps({"bytes": base64.b64encode(text.encode()).decode(), "p": "abcdef"})
    headers = {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return frame(headers, payload.encode())


def exception_frame(kind: str, message: str) -> bytes:
    """The end of a stream that failed."""
    headers = {
        ":exception-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, json.dumps({"message": message}).encode())
