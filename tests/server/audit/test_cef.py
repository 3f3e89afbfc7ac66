"""Whatever people write, a CEF event is one line with the header's eight parts and our own keys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.audit.cef import cef_line

KEYS = {"rt", "externalId", "cat", "act", "outcome", "suid", "suser", "src", "reason", "cn1", "cn1Label", "msg"} | {
    f"cs{n}{label}" for n in range(1, 7) for label in ("", "Label")
}  # fmt: skip
EVIL = [
    "a\nCEF:0|Evil|Evil|1|x|y|10|", "a\r\nb", "a|b\\|c", "x=y act=forged", "\\", "\x00\x1b[31m", "\u2028\x85", "\t", "\\=|",
]  # fmt: skip


def entry(**changes: Any) -> dict[str, Any]:
    out: dict[str, Any] = {
        "recorded_at": "2026-01-02T03:04:05.678901Z", "event_id": "e1", "seq": 7, "log_id": "l1", "entry_hash": "ab",
        "action": "prompt.put", "outcome": "ok", "project": "bank", "environment": "production", "ticket": "T-1",
        "rule": "r", "reason": "why", "before": None, "after": {"version": 3},
        "actor": {"subject": "u1", "name": "anna", "ip": "192.0.2.7"},
        "object": {"type": "prompt", "id": "bank/claims/triage", "version": "3"},
    }  # fmt: skip
    for place, value in changes.items():
        at: Any = out
        *above, last = place.split("__")
        for part in above:
            at = at[part]
        at[last] = value
    return out


def parsed(line: str) -> tuple[list[str], dict[str, str]]:
    """The header's parts and the extension, as a receiver reads them."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    pairs = re.split(r"(?:^| )(\w+)(?<!\\)=", parts[7])[1:]
    return parts[:7], dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_an_event_becomes_a_line() -> None:
    assert cef_line(entry(), "1.2") == (
        "CEF:0|PromptOps|PromptOps|1.2|prompt.put|prompt.put ok|3|rt=1767323045678 externalId=e1 cat=audit act=prompt.put"
        " outcome=ok suid=u1 suser=anna src=192.0.2.7 reason=why cn1=7 cn1Label=seq cs1=bank cs1Label=log"
        " cs2=prompt:bank/claims/triage@3 cs2Label=object cs3=production cs3Label=environment cs4=T-1 cs4Label=ticket"
        ' cs5=r cs5Label=rule cs6=ab cs6Label=entryHash msg={"after":{"version":3}}'
    )


FIELDS = ["action", "outcome", "project", "environment", "ticket", "rule", "reason", "event_id", "entry_hash",
          "actor__subject", "actor__name", "actor__ip", "object__type", "object__id", "object__version", "after__key"]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", EVIL)
def test_no_field_forges_anything(field: str, text: str) -> None:
    line = cef_line(entry(**{field: text}), "1")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
    header, extension = parsed(line)
    assert header[:4] == ["CEF:0", "PromptOps", "PromptOps", "1"] and len(header) == 7
    assert header[6] in "356"
    assert set(extension) <= KEYS
    if field != "action":
        assert extension["act"] == "prompt.put"


@given(st.text(max_size=200), st.text(max_size=200))
def test_values_come_out_as_they_went_in(name: str, reason: str) -> None:
    line = cef_line(entry(actor__name=name, reason=reason), "1")
    line.encode()
    assert len(line.splitlines()) == 1
    _, extension = parsed(line)
    assert set(extension) <= KEYS and extension["outcome"] == "ok"
    plain = re.fullmatch(r"[!-<>-\[\]-~]+", name)
    if plain:
        assert extension["suser"] == name


def test_an_address_that_is_none_is_left_out() -> None:
    assert "src=" not in cef_line(entry(actor__ip="(erased)"), "1")
