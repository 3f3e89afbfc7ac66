"""Server-sent events come out the same however the bytes were cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.wire.sse import Decoder, Event

TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=12)
LINES = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
EVENTS = st.lists(st.builds(Event, data=LINES, name=st.text("abc_.", max_size=4)), max_size=5)


def decoded(chunks: list[bytes]) -> list[Event]:
    """What a new decoder makes of these."""
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def written(event: Event, end: str) -> str:
    """An event on the wire."""
    name = f"event: {event.name}{end}" if event.name else ""
    return name + "".join(f"data: {line}{end}" for line in event.data.split("\n")) + end


@given(EVENTS, st.sampled_from(["\n", "\r", "\r\n"]), st.booleans(), st.data())
def test_any_cutting_gives_the_same_events(
    events: list[Event], end: str, bom: bool, data: st.DataObject
) -> None:
    noise = data.draw(st.sampled_from(["", f": keep-alive{end}{end}", f"id: 7{end}retry: 5{end}"]))
    raw = b"\xef\xbb\xbf" * bom + noise.encode()
    raw += "".join(written(event, end) for event in events).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    places = [0, *cuts, len(raw)]
    chunks = [raw[a:b] for a, b in itertools.pairwise(places)]
    assert decoded(chunks) == events
    assert decoded([bytes([byte]) for byte in raw]) == events


@given(st.binary(max_size=200), st.integers(0, 200))
def test_bytes_of_any_kind_do_no_harm(raw: bytes, cut: int) -> None:
    assert decoded([raw[:cut], raw[cut:]]) == decoded([raw])


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (b"data: a\n\ndata: cut", [Event("a")]),
        (b"data:a\n\n", [Event("a")]),
        (b"data:  a\n\n", [Event(" a")]),
        (b"data\n\n", [Event("")]),
        (b"event: x\n\ndata: a\n\n", [Event("a")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [Event("a"), Event("b")]),
        (b"data: \xe2\x80\xa8\x0b\x1c\n\n", [Event("\u2028\x0b\x1c")]),
        (b"data: \xff\n\n", [Event("\ufffd")]),
    ],
)
def test_reads_as_the_standard_says(raw: bytes, events: list[Event]) -> None:
    assert decoded([raw]) == events
