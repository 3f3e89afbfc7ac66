"""Amazon's frames are read however the connection cuts them, and damage is noticed."""

from __future__ import annotations

import itertools
import json
import struct
from binascii import crc32
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.model import CallError
from promptops_server.providers.wire.aws_frames import Decoder
from support.aws_frames import exception_frame, frame, frame_of_event

SAID = [{"type": "message_start", "n": 1}, {"type": "ping"}, {"type": "message_stop", "ü": "é"}]
STREAM = b"".join(frame_of_event(json.dumps(event)) for event in SAID)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_events_arrive_however_the_bytes_do(cuts: list[int]) -> None:
    decoder = Decoder()
    edges = [0, *sorted(cuts), len(STREAM)]
    events = [event for a, b in itertools.pairwise(edges) for event in decoder.feed(STREAM[a:b])]
    assert [json.loads(event.data) for event in events] == SAID
    assert [event.name for event in events] == ["message_start", "ping", "message_stop"]


def test_a_published_frame() -> None:
    """The second example of Amazon's specification: one header, a payload of JSON. It is no `chunk`, so says nothing."""
    raw = bytes.fromhex(
        "0000003d00000020 07fd8396 0c636f6e74656e742d74797065 07 0010 6170706c69636174696f6e2f6a736f6e"
        "7b27666f6f273a27626172277d 8d9c08b1".replace(" ", "")
    )
    assert Decoder().feed(raw) == []
    assert frame({"content-type": "application/json"}, b"{'foo':'bar'}") == raw


@given(at=st.integers(0, len(STREAM) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(at: int, bit: int) -> None:
    spoilt = bytearray(STREAM)
    spoilt[at] ^= 1 << bit
    with pytest.raises(CallError) as caught:
        Decoder().feed(bytes(spoilt))
    assert caught.value.fault == "bad_answer"


def test_an_exception_becomes_an_error_event() -> None:
    (event,) = Decoder().feed(exception_frame("throttlingException", "Too many requests"))
    assert event.name == "error"
    assert json.loads(event.data) == {
        "type": "error",
        "error": {"type": "throttlingException", "message": "Too many requests"},
    }
    headers = {":message-type": "error", ":error-code": "internal", ":error-message": "Sorry"}
    (event,) = Decoder().feed(frame(headers, b""))
    assert json.loads(event.data)["error"] == {"type": "internal", "message": "Sorry"}


def test_a_frame_of_an_impossible_length_is_refused_at_once() -> None:
    for total, heading in [(0xFFFFFFFF, 0), (15, 0), (20, 10)]:
        lengths = struct.pack("!II", total, heading)
        with pytest.raises(CallError, match="impossible length"):
            Decoder().feed(lengths + struct.pack("!I", crc32(lengths)))


@given(st.binary(max_size=30), st.binary(max_size=60))
def test_any_headers_and_payload_end_in_events_or_a_fault(raw: bytes, payload: bytes) -> None:
    prelude = struct.pack("!II", 16 + len(raw) + len(payload), len(raw))
    message = prelude + struct.pack("!I", crc32(prelude)) + raw + payload
    with suppress(CallError):
        Decoder().feed(message + struct.pack("!I", crc32(message)))
    with suppress(CallError):
        Decoder().feed(frame({":message-type": "event", ":event-type": "chunk"}, payload))
