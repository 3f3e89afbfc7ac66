"""Weekly windows: open by the clock on the wall, and the next opening is the first minute that is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.approvals.opening_hours import DAY, Window, is_open, next_opening

ZONES = ["Asia/Singapore", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
WEEK = frozenset(range(7))


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def window(days: str, start: str, end: str, zone: str) -> Window:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Window(frozenset(map(int, days)), minutes(start), minutes(end), ZoneInfo(zone))


OFFICE = window("0123", "09:00", "17:00", "Asia/Singapore")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-03T08:59:59+08:00", False),  # a Thursday
        ("2026-12-03T09:00:00+08:00", True),
        ("2026-12-03T16:59:59+08:00", True),
        ("2026-12-03T17:00:00+08:00", False),
        ("2026-12-04T10:00:00+08:00", False),  # Friday
        ("2026-12-03T01:30:00Z", True),
    ],
)
def test_a_window_is_open_from_its_start_until_before_its_end(moment: str, expected: bool) -> None:
    assert is_open([OFFICE], us(moment)) is expected


def test_after_the_last_window_of_the_week_comes_the_first_of_the_next() -> None:
    opens = next_opening([OFFICE], us("2026-12-03T17:00:00+08:00"))
    assert opens is not None
    assert opens.isoformat() == "2026-12-07T09:00:00+08:00"


def test_a_window_over_midnight_belongs_to_the_day_it_opens() -> None:
    night = window("6", "22:00", "02:00", "Europe/Berlin")  # Sunday night
    assert is_open([night], us("2026-12-06T23:00:00+01:00"))
    assert is_open([night], us("2026-12-07T01:59:00+01:00"))
    assert not is_open([night], us("2026-12-07T02:00:00+01:00"))
    assert not is_open([night], us("2026-12-06T01:00:00+01:00"))
    assert not is_open([night], us("2026-12-07T22:30:00+01:00"))


def test_a_start_that_the_clock_skips_opens_when_the_clock_jumps() -> None:
    late = window("6", "02:30", "05:00", "Europe/Berlin")
    opens = next_opening([late], us("2026-03-29T00:00:00Z"))  # 02:00 becomes 03:00 at 01:00Z
    assert opens is not None
    assert opens.astimezone(UTC).isoformat() == "2026-03-29T01:00:00+00:00"


def test_a_window_that_falls_wholly_into_the_gap_waits_for_next_week() -> None:
    gone = window("6", "02:15", "02:45", "Europe/Berlin")
    opens = next_opening([gone], us("2026-03-29T00:00:00Z"))
    assert opens is not None
    assert opens.isoformat() == "2026-04-05T02:15:00+02:00"


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    twice = window("6", "02:00", "02:30", "Europe/Berlin")
    for moment in ("2026-10-25T00:10:00Z", "2026-10-25T01:10:00Z"):
        assert is_open([twice], us(moment))
    opens = next_opening([twice], us("2026-10-25T00:40:00Z"))
    assert opens is not None
    assert opens.astimezone(UTC).isoformat() == "2026-10-25T01:00:00+00:00"


windows = st.builds(
    Window,
    st.frozensets(st.sampled_from(range(7)), min_size=1),
    st.integers(0, DAY - 1),
    st.integers(0, DAY),
    st.sampled_from(ZONES).map(ZoneInfo),
).filter(lambda w: w.start != w.end)
# Weeks in which clocks change in these zones, and any other.
moments = st.one_of(
    st.integers(us("2026-03-06T00:00:00Z") // 60_000_000, us("2026-04-07T00:00:00Z") // 60_000_000),
    st.integers(us("2026-10-01T00:00:00Z") // 60_000_000, us("2026-11-05T00:00:00Z") // 60_000_000),
    st.integers(us("2020-01-01T00:00:00Z") // 60_000_000, us("2035-01-01T00:00:00Z") // 60_000_000),
).map(lambda minutes: minutes * 60_000_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=1, max_size=2), moments)
def test_the_next_opening_is_the_first_open_minute(given_: list[Window], now: int) -> None:
    if is_open(given_, now):
        return
    opens = next_opening(given_, now)
    at = now
    limit = now + 15 * DAY * 60_000_000
    while at < limit and not is_open(given_, at):
        at += 60_000_000
    if at >= limit:
        assert opens is None or opens > datetime.fromtimestamp(limit // 1_000_000, UTC)
    else:
        assert opens == datetime.fromtimestamp(at // 1_000_000, UTC)


@settings(max_examples=100, deadline=None)
@given(windows, moments)
def test_outside_changes_of_the_clock_a_window_is_as_long_as_it_says(
    given_: Window, now: int
) -> None:
    start = datetime.fromtimestamp(now // 1_000_000, given_.zone)
    week = [start + timedelta(days=n) for n in range(9)]
    if len({moment.utcoffset() for moment in week}) > 1:
        return
    counted = sum(
        given_.holds(datetime.fromtimestamp(now // 1_000_000 + 60 * n, UTC))
        for n in range(0, 7 * DAY, 5)
    )
    length = (given_.end - given_.start) % DAY or DAY
    wanted = len(given_.days) * length / 5
    assert abs(counted - wanted) <= 2 * len(given_.days)
