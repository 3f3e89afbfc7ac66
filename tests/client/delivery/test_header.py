"""Headers and statements: exact texts come back equal, and nothing malformed gets through."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from promptops.delivery import header as h
from promptops.errors import InvalidHeader, PromptOpsError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
DIGEST = "sha256:" + "ab" * 32
AS_OF = "2026-01-02T04:00:00.000000Z"


def statement(**overrides: Any) -> h.Statement:
    values: dict[str, Any] = {
        "installation": "inst",
        "project": "retail-bank",
        "environment": "production",
        "environment_id": "env-1",
        "epoch": 1,
        "release": 42,
        "previous": "0" * 64,
        "changes": (h.Entry("claims/triage", "live", 7, 42, DIGEST, ""),),
        "root": "1" * 64,
        "count": 17,
        "acknowledged_at": "2026-01-02T03:04:05.678901Z",
        "requires": ("jinja2",),
    }
    return h.Statement(**{**values, **overrides})


def members(**overrides: Any) -> str:
    return json.dumps({**json.loads(statement().to_text()), **overrides})


def test_a_statement_comes_back_equal_and_is_one_line_with_text_as_it_is() -> None:
    written = statement(
        changes=(h.Entry("claims/triage", "suspended", 7, 42, "", "Ärger – falsch\n"),)
    )
    assert h.parse_statement(written.to_text()) == written
    assert "Ärger – falsch\\n" in written.to_text()
    assert "\n" not in written.to_text()


def test_a_header_comes_back_equal_with_a_right_signature() -> None:
    signed = h.sign_header(KEY, statement(), datetime(2026, 1, 2, 4, tzinfo=UTC))
    again = h.Header.from_json(signed.to_json())
    assert again == signed
    assert again.as_of == AS_OF
    assert again.key_id == h.key_id_of(PUBLIC)
    assert again.position == (1, 42)
    assert h.signature_is_right(again, PUBLIC)


@pytest.mark.parametrize("member", ["statement_text", "as_of", "key_id"])
def test_the_signature_covers_every_member(member: str) -> None:
    signed = h.sign_header(KEY, statement(), AS_OF)
    other = {
        "statement_text": statement(release=43, changes=()).to_text(),
        "as_of": "2027-01-02T04:00:00.000000Z",
        "key_id": "0" * 16,
    }[member]
    changed = h.Header(**{**vars_of(signed), member: other})
    assert not h.signature_is_right(changed, PUBLIC)


def vars_of(header: h.Header) -> dict[str, str]:
    return {
        "statement_text": header.statement_text,
        "as_of": header.as_of,
        "key_id": header.key_id,
        "signature": header.signature,
    }


def test_the_signed_bytes_are_the_protocols() -> None:
    assert (
        h.signing_bytes("{}", AS_OF, "k") == b"promptops-header-v1\n" + AS_OF.encode() + b"\nk\n{}"
    )


def test_unknown_members_are_ignored() -> None:
    assert h.parse_statement(members(added_later={"x": 1})) == statement()


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("statement.v", members(v=2)),
        ("statement.v", members(v=True)),
        ("statement.installation", members(installation="")),
        ("statement.project", members(project="a/b")),
        ("statement.environment", members(environment="prod\n")),
        ("statement.environment_id", members(environment_id=7)),
        ("statement.epoch", members(epoch=0)),
        ("statement.epoch", members(epoch=1.0)),
        ("statement.release", members(release=-1)),
        ("statement.release", members(release=10**30)),
        ("statement.previous", members(previous="")),
        ("statement.previous", members(release=0, changes=[])),
        ("statement.changes", members(release=0, previous="")),
        ("statement.changes", members(changes=None)),
        ("statement.changes[0]", members(changes=[["a"]])),
        ("statement.changes[0].path", members(changes=[["../a", "live", 1, 42, DIGEST, ""]])),
        ("statement.changes[0].path", members(changes=[["a//b", "live", 1, 42, DIGEST, ""]])),
        ("statement.changes[0].state", members(changes=[["a", "draft", 1, 42, DIGEST, ""]])),
        ("statement.changes[0].version", members(changes=[["a", "live", 0, 42, DIGEST, ""]])),
        ("statement.changes[0].version", members(changes=[["a", "live", True, 42, DIGEST, ""]])),
        ("statement.changes[0].release", members(changes=[["a", "live", 1, 41, DIGEST, ""]])),
        ("statement.changes[0].digest", members(changes=[["a", "live", 1, 42, "", ""]])),
        ("statement.changes[0].digest", members(changes=[["a", "removed", 1, 42, DIGEST, ""]])),
        ("statement.changes[0].reason", members(changes=[["a", "live", 1, 42, DIGEST, "why"]])),
        (
            "statement.changes[1].path",
            members(changes=[["a", "live", 1, 42, DIGEST, ""], ["a", "removed", 1, 42, "", ""]]),
        ),
        ("statement.root", members(root="A" * 64)),
        ("statement.count", members(count=-1)),
        ("statement.acknowledged_at", members(acknowledged_at="2026-13-02T03:04:05.678901Z")),
        ("statement.acknowledged_at", members(acknowledged_at="2026-01-02 03:04:05")),
        ("statement.requires[0]", members(requires=[""])),
        ("statement", "[]"),
        ("statement", "{"),
        ("statement", members() + "\n"),
        ("statement", '{"v":1,"v":1}'),
        ("statement", '{"v":NaN}'),
        ("statement", "[" * 100_000),
    ],
)
def test_a_malformed_statement_is_refused_by_the_name_of_the_member(where: str, text: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        h.parse_statement(text)
    assert caught.value.where == where
    assert caught.value.what
    assert isinstance(caught.value, PromptOpsError)


def test_a_missing_member_is_named() -> None:
    kept = {k: v for k, v in json.loads(statement().to_text()).items() if k != "root"}
    with pytest.raises(InvalidHeader, match=r"statement\.root: is missing"):
        h.parse_statement(json.dumps(kept))


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("header.statement", {"statement": 1}),
        ("header.statement", {"statement": "\ud800"}),
        ("header.as_of", {"as_of": "yesterday"}),
        ("header.key_id", {"key_id": "k1"}),
        ("header.signature", {"signature": "!!"}),
        ("header.signature", {"signature": "AAAA"}),
    ],
)
def test_a_malformed_header_is_refused_by_the_name_of_the_member(
    where: str, change: dict[str, Any]
) -> None:
    value = {**h.sign_header(KEY, statement(), AS_OF).to_value(), **change}
    with pytest.raises(InvalidHeader) as caught:
        h.Header.from_value(value)
    assert caught.value.where == where


@given(st.text() | st.binary())
def test_arbitrary_text_is_read_or_refused_but_never_crashes(text: str | bytes) -> None:
    with pytest.raises(InvalidHeader):
        h.Header.from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(statement().to_text()))), JSON)
def test_any_value_in_any_member_is_read_or_refused(member: str, value: object) -> None:
    text = members(**{member: value})
    try:
        parsed = h.parse_statement(text)
    except InvalidHeader:
        return
    assert h.parse_statement(parsed.to_text()) == parsed


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_times_come_back_equal_and_sort_as_text(moment: datetime) -> None:
    try:
        text = h.format_time(moment)
    except OverflowError:
        return
    assert h.parse_time(text) == moment
    assert text < h.format_time(datetime.max.replace(tzinfo=UTC)) or moment == datetime.max.replace(
        tzinfo=UTC
    )


def test_a_time_without_a_zone_is_not_signed() -> None:
    with pytest.raises(ValueError, match="zone"):
        h.format_time(datetime(2026, 1, 1))


def test_positions_are_ordered_by_epoch_then_release() -> None:
    assert h.Position.parse("2-0") > h.Position(1, 99)
    assert str(h.Position(3, 4)) == "3-4"
    for text in ("", "1", "0-1", "1-01", "1-2-3", "-1-2", "1-2 "):
        with pytest.raises(InvalidHeader):
            h.Position.parse(text)
