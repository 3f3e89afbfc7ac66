"""Personal data beside an event of a pack is held against the salted hash inside the event."""

from __future__ import annotations

import hashlib
import json

import pytest

from promptops.evidence.offline.auditing import check_audit
from promptops.evidence.offline.findings import Findings


def entry(seq: int, **personal: str) -> bytes:
    body = json.dumps({"seq": seq, "log_id": "l", "personal": personal}, sort_keys=True).encode()
    hashed = hashlib.sha256(b"\0" + body).hexdigest().encode()
    return b'{"entry_hash":"' + hashed + b'","body":' + body + b"}\n"


def beside(seq: int, salt: str, **values: str) -> bytes:
    return json.dumps({"personal": [seq, [salt, values]]}, separators=(",", ":")).encode() + b"\n"


def salted(salt: str, place: str, value: str) -> str:
    return hashlib.sha256(f"{salt}\0{place}\0{value}".encode()).hexdigest()


def faults(lines: bytes) -> list[str]:
    found = Findings()
    proofs = json.dumps({"checkpoint": None, "inclusion": {}, "earlier": None}).encode()
    files = {"audit/events.jsonl": lines, "audit/proofs.json": proofs}
    check_audit(files, {"installation": "i", "log": {}}, {}, found)
    return [text for _, text in found.faults]


def test_the_values_that_were_recorded_are_accepted_and_may_be_gone() -> None:
    event = entry(1, name=salted("ab", "name", "Anna"))
    assert faults(beside(1, "ab", name="Anna") + event) == []
    assert faults(event) == []


@pytest.mark.parametrize(
    "line",
    [beside(1, "ab", name="Otto"), beside(1, "cd", name="Anna"), beside(1, "ab", other="Anna")],
)
def test_other_values_are_found(line: bytes) -> None:
    event = entry(1, name=salted("ab", "name", "Anna"))
    (text,) = faults(line + event)
    assert text.endswith("is not what was recorded")


def test_a_line_that_is_no_event_and_a_changed_event_are_found() -> None:
    assert faults(b"{}\n") == ["line 1 is no event"]
    assert faults(entry(1).replace(b'"seq": 1', b'"seq": 2')) == [
        "event 2 is not what its hash was made of"
    ]
