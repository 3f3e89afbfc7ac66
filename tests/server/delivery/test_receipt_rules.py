"""The rules over receipts: what a report may be, what it changes, who is current, behind or silent, how lags add up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.delivery.header import Position
from promptops_server.delivery.receipts.collect import told_by_channel, told_by_key
from promptops_server.delivery.receipts.lags import SHOWN, STEPS, Lags
from promptops_server.delivery.receipts.model import (
    FORGOTTEN_US,
    SILENT_US,
    Applied,
    Arrived,
    Follower,
    Receipt,
    Refused,
    count,
    is_forgotten,
    kept_of,
    lag_ms,
    news_in,
    pace_ms,
    state_of,
)
from promptops_server.delivery.receipts.read import MOST_BYTES, read_receipt
from promptops_server.infra.problems import Invalid

ID = "0123456789abcdef" * 2
NOW = 1_700_000_000_000_000

positions = st.builds(Position, st.integers(1, 3), st.integers(0, 20))
durations = st.floats(0, 1e7, allow_nan=False)
applieds = st.lists(st.builds(Applied, positions, durations, durations), max_size=8).map(tuple)
receipts = st.builds(
    Receipt,
    follower=st.just(ID),
    host=st.just("web-1"),
    process=st.integers(1, 9999),
    sdk=st.just("promptops-client 1"),
    via=st.sampled_from(["http", "redis"]),
    position=positions,
    held_ms=durations,
    applied=applieds,
)
arrivals = st.builds(Arrived, receipts, st.integers(NOW, NOW + 10**10))
times = st.integers(NOW, NOW + 10**11)
lags = st.floats(0, 1e8, allow_nan=False)


def report(**changed: Any) -> bytes:
    whole = {
        "follower": ID,
        "host": "web-1",
        "process": 4711,
        "sdk": "promptops-client 0.6.0",
        "release": "1-42",
        "held_ms": 12.5,
        "applied": [{"release": "1-42", "took_ms": 0.4, "ago_ms": 12.5}],
        **changed,
    }
    return json.dumps({k: v for k, v in whole.items() if v is not ...}).encode()


def test_a_report_is_read_as_it_was_sent() -> None:
    read = read_receipt(report(new_member={"of": "a newer client"}), "http")
    assert read.position == Position(1, 42)
    assert (read.host, read.process, read.sdk) == ("web-1", 4711, "promptops-client 0.6.0")
    assert read.applied == (Applied(Position(1, 42), 0.4, 12.5),)
    assert not read.leaving
    assert read_receipt(report(leaving=True, applied=[]), "redis").leaving


def test_who_has_nothing_yet_tells_only_what_it_refuses() -> None:
    refused = {"code": "unknown-key", "release": "1-42", "for_ms": 5}
    read = read_receipt(report(release=None, held_ms=0, applied=[], refused=refused), "redis")
    assert read.refused == Refused("unknown-key", "1-42", 5.0)
    assert read.position < Position(1, 0)


def test_a_refusal_lasts_from_its_first_report_until_one_without() -> None:
    refused = Receipt(
        ID, "h", 1, "s", "redis", Position(1, 2), 0.0, (), refused=Refused("older", "1-1", 3.0)
    )
    first = kept_of(Arrived(refused, 10_000), None, None)
    assert (first.refused, first.refused_release, first.refused_since) == ("older", "1-1", 7_000)
    again = replace(refused, refused=Refused("older", "1-1", 900.0))
    second = kept_of(Arrived(again, 2_000_000), first, None)
    assert second.refused_since == 7_000
    late = kept_of(Arrived(replace(refused, refused=None), 5_000), second, None)
    assert late.refused == "older"
    over = kept_of(Arrived(replace(refused, refused=None), 3_000_000), second, None)
    assert (over.refused, over.refused_release, over.refused_since) == (None, None, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"follower": "x"},
        {"follower": ID.upper()},
        {"follower": ...},
        {"host": ""},
        {"host": "a\nb"},
        {"host": "a\x00b"},
        {"host": "h" * 256},
        {"process": -1},
        {"process": 2**31},
        {"process": True},
        {"process": "1"},
        {"release": "42"},
        {"release": "0-1"},
        {"release": "1-9999999999"},
        {"release": 42},
        {"held_ms": -1},
        {"held_ms": "1"},
        {"held_ms": 1e300},
        {"held_ms": True},
        {"applied": ...},
        {"applied": {}},
        {"applied": [{}]},
        {"applied": [{"release": "1-1", "took_ms": 1}]},
        {"applied": [{"release": "1-1", "took_ms": 1, "ago_ms": 1}] * 51},
        {"sdk": "s" * 51},
        {"padding": "x" * MOST_BYTES},
        {"release": None},
        {"refused": "unknown-key"},
        {"refused": {"code": "Unknown", "release": None, "for_ms": 1}},
        {"refused": {"code": "x" * 41, "release": None, "for_ms": 1}},
        {"refused": {"code": "older", "release": "x", "for_ms": 1}},
        {"refused": {"code": "older", "release": None}},
    ],
)
def test_a_wrong_report_is_refused_by_the_name_of_the_member(changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        read_receipt(report(**changed), "http")
    name = next(iter(changed))
    assert name in refused.value.detail or "longer" in refused.value.detail


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_whatever_is_sent_is_a_receipt_or_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_receipt(content, "http")


@given(positions, times, positions, times)
def test_a_follower_is_current_behind_or_silent(
    held: Position, seen: int, head: Position, now: int
) -> None:
    state = state_of(held, seen, head, now)
    assert (state == "silent") == (now - seen > SILENT_US)
    if state != "silent":
        assert (state == "current") == (held >= head)
    assert not is_forgotten(seen, seen + FORGOTTEN_US)
    assert is_forgotten(seen, seen + FORGOTTEN_US + 1)


@given(times, times, st.builds(Applied, positions, durations, durations))
def test_a_lag_lies_between_nothing_and_the_servers_own_two_times(
    acknowledged: int, received: int, applied: Applied
) -> None:
    lag = lag_ms(acknowledged, received, applied)
    most = max(0.0, (received - acknowledged) / 1000)
    assert 0 <= lag <= most
    assert lag >= min(most, applied.took_ms)


def test_what_a_follower_waited_before_it_reported_is_no_lag() -> None:
    applied = Applied(Position(1, 1), took_ms=0.5, ago_ms=200.0)
    assert lag_ms(NOW, NOW + 203_000, applied) == pytest.approx(3.0)
    # A clock that runs wild: never less than it took itself, never more than the server saw.
    assert lag_ms(NOW, NOW + 203_000, Applied(Position(1, 1), 0.5, 1e9)) == 0.5
    assert lag_ms(NOW, NOW + 203_000, Applied(Position(1, 1), 1e9, 0.0)) == 203.0


@given(receipts, st.none() | positions)
def test_a_release_counts_once_for_a_follower(receipt: Receipt, known: Position | None) -> None:
    told = [one.position for one in news_in(receipt, known)]
    assert len(told) == len(set(told))
    assert all(position <= receipt.position for position in told)
    assert all(known is None or position > known for position in told)
    after = receipt.position if known is None else max(known, receipt.position)
    assert news_in(receipt, after) == ()


@given(st.lists(arrivals, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_follower_never_goes_back_in_whatever_order_reports_come(
    reports: list[Arrived], random: Any
) -> None:
    random.shuffle(reports)
    known: Follower | None = None
    for arrived in reports:
        before = known
        known = kept_of(arrived, known, None)
        if before is not None:
            assert known.position >= before.position
            assert known.last_seen >= before.last_seen
        assert known.applied_at <= known.last_seen
    assert known is not None
    assert known.position == max(arrived.receipt.position for arrived in reports)
    assert known.last_seen == max(arrived.at for arrived in reports)


@given(arrivals, arrivals)
def test_two_reports_gathered_are_told_as_one(one: Arrived, other: Arrived) -> None:
    both = other.after(one)
    assert both.at == max(one.at, other.at)
    assert both.receipt.position == max(one.receipt.position, other.receipt.position)
    told = {applied.position for applied in both.receipt.applied}
    assert told == {a.position for each in (one, other) for a in each.receipt.applied}


@given(st.lists(st.tuples(positions, times), max_size=30), positions, times)
def test_every_follower_that_is_not_forgotten_is_counted_once(
    kept: list[tuple[Position, int]], head: Position, now: int
) -> None:
    followers = [
        Follower(str(n), "h", 1, "s", "http", position, seen, None, seen)
        for n, (position, seen) in enumerate(kept)
    ]
    counts = count(followers, head, now)
    assert counts.total == sum(not is_forgotten(seen, now) for _, seen in kept)


@given(st.lists(lags, min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_is_the_true_one_within_a_step(values: list[float], share: float) -> None:
    found = Lags.of(values).percentile(share)
    assert found is not None
    true = sorted(values)[max(0, -(-int(share * 1e9) * len(values) // 10**9) - 1)]
    assert found <= max(values)
    assert true <= found or found == pytest.approx(true)
    if 0.1 <= true <= STEPS[-1]:
        assert found <= true * 1.2


@given(st.lists(lags, max_size=60), st.lists(lags, max_size=60))
def test_figures_of_two_servers_add_up_and_survive_being_stored(
    one: list[float], other: list[float]
) -> None:
    merged = Lags.of(one)
    merged.merge(Lags.of(other))
    whole = Lags.of(one + other)
    assert merged == whole
    assert Lags.parse(whole.text(), whole.slowest_ms) == whole
    assert sum(n for _, n in whole.columns()) == len(one) + len(other)


def test_the_columns_that_are_shown_end_where_a_step_ends() -> None:
    assert set(SHOWN) <= set(STEPS)
    assert list(STEPS) == sorted(set(STEPS))
    assert Lags().percentile(0.5) is None
    assert Lags.of([1.0, 3.0, 700.0, 1e9]).columns()[0] == (1, 1)
    assert Lags.of([1e9]).columns()[-1] == (None, 1)


@pytest.mark.parametrize(
    "name",
    [
        "promptops:{retail-bank/production}:state",
        "promptops:{a/b/c}:receipt:" + ID,
        "promptops:{retail-bank/production}:receipt:short",
        "other:{retail-bank/production}:receipt:" + ID,
    ],
)
def test_keys_of_others_are_left_alone(name: str) -> None:
    assert told_by_key(name) is None
    assert told_by_channel(name, ID) is None


def test_a_key_says_whose_receipt_it_is() -> None:
    key = "promptops:{retail-bank/production}:receipt:" + ID
    told = told_by_key(key)
    assert told is not None
    assert told == told_by_channel("promptops:{retail-bank/production}:receipts", ID)
    assert (told.project, told.environment, told.follower, told.key) == (
        "retail-bank", "production", ID, key,
    )  # fmt: skip


def test_many_followers_are_asked_to_take_longer() -> None:
    assert pace_ms(1) < pace_ms(1_000) < pace_ms(2_500) == pace_ms(100_000)
