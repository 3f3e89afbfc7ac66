"""Which content was live before an emergency: pure, for histories of any shape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptops_server.releases.emergency.model import content_before
from promptops_server.releases.intervals import Interval
from promptops_server.releases.model import Content


def interval(
    version: int, begin: int, end: int | None, *, suspended: bool = False, path: str = "a"
) -> Interval:
    content = None if suspended else Content(version, "d", ".prompt.yml", "b")
    state = "suspended" if suspended else "live"
    return Interval(path, state, version, content, "", begin, end)  # type: ignore[arg-type]


def version(found: Content | None) -> int | None:
    return None if found is None else found.version


def test_it_is_what_the_emergency_replaced() -> None:
    history = [interval(1, 1, 3), interval(2, 3, 5), interval(3, 5, None)]
    assert version(content_before(history, 5, {3}, ())) == 2


def test_nothing_was_live_right_before() -> None:
    assert content_before([interval(3, 5, None)], 5, {3}, ()) is None
    gap = [interval(1, 1, 3), interval(3, 5, None)]
    assert content_before(gap, 5, {3}, ()) is None
    stopped = [interval(1, 1, 3), interval(1, 3, 5, suspended=True), interval(3, 5, None)]
    assert content_before(stopped, 5, {3}, ()) is None


def test_what_was_suspended_since_does_not_return_and_nothing_older_either() -> None:
    history = [interval(1, 1, 3), interval(2, 3, 5), interval(3, 5, None)]
    assert content_before(history, 5, {3}, {2}) is None


def test_emergencies_that_nobody_ratified_are_passed_over() -> None:
    history = [interval(1, 1, 3), interval(2, 3, 5), interval(3, 5, None)]
    assert version(content_before(history, 5, {2, 3}, ())) == 1
    assert content_before(history[1:], 5, {2, 3}, ()) is None


@given(
    st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=8),
    st.sets(st.integers(1, 5)),
    st.sets(st.integers(1, 5)),
)
def test_what_returns_was_live_and_is_neither_stopped_nor_unratified(
    shape: list[tuple[int, bool]], unratified: set[int], stopped: set[int]
) -> None:
    history = [
        interval(number, at + 1, at + 2, suspended=gone) for at, (number, gone) in enumerate(shape)
    ]
    last = len(shape) + 1
    found = content_before([*history, interval(9, last, None)], last, {9, *unratified}, stopped)
    if found is not None:
        assert found.version not in unratified | stopped
        assert any(i.content == found for i in history)
