"""Room in targets' monthly budgets for the calls of a run: taken at once, or waited for while others' calls hold it.

What calls hold is more than most of them cost. So a call that would fit without what is set aside for others waits for
them, and is refused only when the money is spent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from promptops_server.providers.model import NoRoomYet

FIRST_LOOK = 0.1
LAST_LOOK = 2.0
"""Seconds between two looks, doubled from the first: others' calls may be another process's, which tells nobody."""


class BudgetRoom:
    """The waiting of one run.

    Args:
        longest: seconds a call waits at most; by then whoever held the money is done, or starved it.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._freed = asyncio.Event()
        self._closed = False

    def freed(self) -> None:
        """Have everybody who waits look again: a call of this run has ended."""
        self._freed.set()

    def close(self) -> None:
        """Nobody waits any more: the run ends."""
        self._closed = True
        self._freed.set()

    async def take(
        self, reserve: Callable[[], Awaitable[Any]], given_up: Callable[[], bool] = lambda: False
    ) -> Any:
        """The reservation, or the refusal: the money is spent, it took too long, or it is not wanted any more.

        Args:
            reserve: asks once; gives the reservation, or the CallError that refused it.
        """
        clock = asyncio.get_running_loop().time
        until, pause = clock() + self._longest, FIRST_LOOK
        while True:
            self._freed.clear()
            held = await reserve()
            left = until - clock()
            if not isinstance(held, NoRoomYet) or self._closed or given_up() or left <= 0:
                return held
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(pause, left)):
                    await self._freed.wait()
            pause = min(2 * pause, LAST_LOOK)
