"""A target is never asked for more than it allows, and whoever came first is let in first. Time is the test's own."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.providers.limits import WINDOW, Lane, TargetLimits, Turn
from promptops_server.providers.model import Limits, Target


class Time:
    """A clock that jumps to the next thing that is due once nobody has anything left to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None], _Handle]] = []
        self._numbers = itertools.count()

    def later(self, seconds: float, call: Callable[[], None]) -> _Handle:
        """As `loop.call_later`."""
        handle = _Handle()
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), call, handle))
        return handle

    async def sleep(self, seconds: float) -> None:
        """As `asyncio.sleep`."""
        done = asyncio.get_running_loop().create_future()
        self.later(seconds, lambda: done.done() or done.set_result(None))
        await done

    async def run(self, *work: Coroutine[Any, Any, Any]) -> None:
        """All of it to its end."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while True:
            for _ in range(10):
                await asyncio.sleep(0)
            if all(task.done() for task in tasks):
                break
            while self._due and self._due[0][3].cancelled:
                heapq.heappop(self._due)
            assert self._due, "everybody waits, and nothing is due"
            self.now, _, call, _ = heapq.heappop(self._due)
            call()
        await asyncio.gather(*tasks)


class _Handle:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


REQUESTS = st.lists(
    st.tuples(st.floats(0, 90), st.integers(0, 60), st.floats(0, 20)), min_size=1, max_size=25
)


@settings(deadline=None)
@given(
    REQUESTS,
    st.none() | st.integers(1, 6),
    st.none() | st.integers(10, 100),
    st.integers(1, 4),
)
def test_no_minute_and_no_moment_sees_more_than_allowed(
    requests: list[tuple[float, int, float]],
    per_minute: int | None,
    tokens: int | None,
    concurrency: int,
) -> None:
    limits = Limits(per_minute, tokens, concurrency)
    time = Time()
    lane = Lane(limits, lambda: time.now, time.later)
    began: list[tuple[float, int]] = []
    running = 0

    async def one(at: float, size: int, takes: float) -> None:
        nonlocal running
        await time.sleep(at)
        turn = await lane.enter(size)
        running += 1
        assert running <= concurrency
        began.append((time.now, size))
        await time.sleep(takes)
        running -= 1
        lane.leave(turn)

    asyncio.run(time.run(*(one(*request) for request in requests)))
    assert len(began) == len(requests)
    for start, size in began:
        within = [(at, s) for at, s in began if start <= at < start + WINDOW]
        if per_minute:
            assert len(within) <= per_minute
        if tokens and size <= tokens:
            assert sum(s for _, s in within) <= tokens or within[0][1] > tokens


def test_first_come_first_served_also_past_one_that_is_large() -> None:
    time = Time()
    lane = Lane(Limits(None, 100, 8), lambda: time.now, time.later)
    order: list[int] = []

    async def one(number: int, size: int) -> None:
        turn = await lane.enter(size)
        order.append(number)
        lane.leave(turn)

    asyncio.run(time.run(one(0, 60), one(1, 100), one(2, 1), one(3, 1)))
    assert order == [0, 1, 2, 3]


def test_what_was_really_used_counts() -> None:
    time = Time()
    lane = Lane(Limits(None, 100, 8), lambda: time.now, time.later)

    async def one() -> None:
        turn = await lane.enter(90)
        turn.used = 10
        lane.leave(turn)
        lane.leave(await lane.enter(90))

    asyncio.run(time.run(one()))
    assert time.now == 0


def test_another_attempt_goes_before_those_who_wait() -> None:
    time = Time()
    lane = Lane(Limits(None, None, 1), lambda: time.now, time.later)
    order: list[str] = []

    async def one(name: str, *, first: bool = False) -> None:
        turn = await lane.enter(0, first=first)
        order.append(name)
        await time.sleep(1)
        lane.leave(turn)

    asyncio.run(time.run(one("a"), one("b"), one("c"), one("again", first=True)))
    assert order == ["a", "again", "b", "c"]


def test_a_pause_holds_everybody() -> None:
    time = Time()
    lane = Lane(Limits(), lambda: time.now, time.later)
    lane.pause(7)

    async def one() -> None:
        lane.leave(await lane.enter(0))

    asyncio.run(time.run(one()))
    assert 7 <= time.now < 7.1


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 5))
def test_whoever_goes_away_leaves_no_hole(cancelled: list[bool], steps: int) -> None:
    time = Time()
    lane = Lane(Limits(None, None, 2), lambda: time.now, time.later)
    served: list[int] = []

    async def one(number: int) -> None:
        turn = await lane.enter(0)
        try:
            await time.sleep(1)
            served.append(number)
        finally:
            lane.leave(turn)

    async def story() -> None:
        tasks = [asyncio.ensure_future(one(n)) for n in range(len(cancelled))]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task, goes in zip(tasks, cancelled, strict=True):
            if goes:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(time.run(story()))
    assert set(served) >= {n for n, goes in enumerate(cancelled) if not goes}
    # Whoever is cancelled while running leaves too: nobody is left inside.
    assert lane.idle


def test_targets_do_not_wait_for_each_other() -> None:
    limits = TargetLimits()

    async def story() -> None:
        one = Target("1", "one", "openai", "m", limits=Limits(None, None, 1))
        other = Target("2", "other", "openai", "m", limits=Limits(None, None, 1))
        async with limits.turn(one, 0):
            async with limits.turn(other, 0) as turn:
                assert isinstance(turn, Turn)
            waiting = asyncio.ensure_future(limits.lane(one).enter(0))
            await asyncio.sleep(0)
            assert not waiting.done()
        limits.lane(one).leave(await waiting)

    asyncio.run(story())
