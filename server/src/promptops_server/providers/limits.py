"""How much one target is asked at a time and in a minute. Fair: who came first is let in first.

Counts within this process; several workers have a target's limits each. A minute is any sixty seconds, not one of the
clock: no window of that length sees more requests, or more tokens as far as they were known, than the target allows.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from promptops_server.providers.model import Limits, Target

WINDOW = 60.0


class Timer(Protocol):
    """What `loop.call_later` returns."""

    def cancel(self) -> None: ...


class Turn:
    """One admitted request. Whoever has it sets `used` to the tokens it took in the end, where that is known."""

    __slots__ = ("at", "tokens", "used")

    def __init__(self, at: float, tokens: int) -> None:
        self.at = at
        self.tokens = tokens
        self.used: int | None = None


class Lane:
    """The requests of one target.

    Args:
        limits: what the target allows.
        clock: seconds that never go back.
        later: calls something after so many seconds; `loop.call_later` where nothing is given.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], Timer] | None = None,
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._later = later
        self._waiting: deque[tuple[asyncio.Future[Turn], int]] = deque()
        self._window: deque[Turn] = deque()
        self._tokens = 0  # of the turns in the window
        self._running = 0
        self._not_before = 0.0
        self._timer: Timer | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody is in it or waits for it, and the last minute saw nobody."""
        self._forget(self._clock())
        return not (self._running or self._waiting or self._window)

    async def enter(self, tokens: int, *, first: bool = False) -> Turn:
        """Wait for a turn. `leave` must follow.

        Args:
            tokens: how many the request will take, as far as that is known.
            first: before those who wait already; for another attempt at a request that had its turn.
        """
        if not self._waiting or first:
            turn = self._admit(tokens)
            if turn is not None:
                return turn
        place: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if first else self._waiting.append)((place, tokens))
        self._pump()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                place.result().used = 0
                self.leave(place.result())  # it came as the caller went
            else:
                self._pump()  # perhaps the next one fits where this one did not
            raise

    def leave(self, turn: Turn) -> None:
        """The request is over."""
        self._running -= 1
        if turn.used is not None and self._window and turn.at >= self._window[0].at:
            self._tokens += turn.used - turn.tokens
            turn.tokens = turn.used
        if self._waiting:
            self._pump()

    def pause(self, seconds: float) -> None:
        """Let nobody in for so long: the endpoint asked for it."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    def _pump(self) -> None:
        while self._waiting:
            place, tokens = self._waiting[0]
            if place.done():
                self._waiting.popleft()
                continue
            turn = self._admit(tokens)
            if turn is None:
                self._look_again(tokens)
                return
            self._waiting.popleft()
            place.set_result(turn)

    def _admit(self, tokens: int) -> Turn | None:
        if self._running >= self.limits.concurrency:
            return None
        now = self._clock()
        self._forget(now)
        if self._seconds_until_free(now, tokens) > 0:
            return None
        turn = Turn(now, tokens)
        if self.limits.requests_per_minute or self.limits.tokens_per_minute:
            self._window.append(turn)
            self._tokens += tokens
        self._running += 1
        return turn

    def _look_again(self, tokens: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running >= self.limits.concurrency:
            return  # whoever leaves looks
        seconds = self._seconds_until_free(self._clock(), tokens)
        later = self._later or asyncio.get_running_loop().call_later
        # A clock and a timer may differ by a tick; a turn too early would only look again.
        self._timer = later(seconds + 0.001, self._pump)

    def _seconds_until_free(self, now: float, tokens: int) -> float:
        """How long until the minute has room for one more with so many tokens. One that never fits goes alone."""
        wait = self._not_before - now
        requests, most = self.limits.requests_per_minute, self.limits.tokens_per_minute
        if requests and len(self._window) >= requests:
            wait = max(wait, self._window[len(self._window) - requests].at + WINDOW - now)
        if most and self._window:
            over = self._tokens + tokens - most
            for turn in self._window:
                if over <= 0:
                    break
                over -= turn.tokens
                wait = max(wait, turn.at + WINDOW - now)
        return wait

    def _forget(self, now: float) -> None:
        while self._window and self._window[0].at <= now - WINDOW:
            self._tokens -= self._window.popleft().tokens


class TargetLimits:
    """The lanes of all targets in one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: dict[str, Lane] = {}

    def lane(self, target: Target) -> Lane:
        """The lane of a target, with the limits it has now."""
        lane = self._lanes.get(target.id)
        if lane is None:
            if len(self._lanes) >= 1000:
                self._lanes = {id: lane for id, lane in self._lanes.items() if not lane.idle}
            lane = self._lanes[target.id] = Lane(target.limits, self._clock)
        lane.limits = target.limits
        return lane

    @asynccontextmanager
    async def turn(
        self, target: Target, tokens: int, *, first: bool = False
    ) -> AsyncIterator[Turn]:
        """A turn of the target for the time of the block."""
        lane = self.lane(target)
        turn = await lane.enter(tokens, first=first)
        try:
            yield turn
        finally:
            lane.leave(turn)
