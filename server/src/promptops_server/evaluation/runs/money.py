"""What a run may still spend: reserved before a call is sent, settled after it. In memory, in the event loop alone.

Targets' monthly budgets are rows, reserved and settled by the `writer`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Purse:
    """A run's limit; without one everything fits.

    Args:
        most: the limit; None: there is none.
        spent: by earlier attempts.
    """

    def __init__(self, most: int | None, spent: int) -> None:
        self._most = most
        self.spent = spent
        self.reserved = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def limited(self) -> bool:
        """Whether there is a limit to keep."""
        return self._most is not None

    async def reserve(self, amount: int, given_up: Callable[[], bool] = lambda: False) -> bool:
        """Set aside. Where it does not fit it waits for what is in flight, which may turn out cheaper; then False.

        Args:
            given_up: asked after every change; True: the money is not wanted any more.
        """
        while not given_up():
            if self._most is None or self.spent + self.reserved + amount <= self._most:
                self.reserved += amount
                return True
            if not self.reserved:
                return False
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        return False

    def settle(self, reserved: int, spent: int) -> None:
        """Give back what was set aside and count what was spent."""
        self.reserved -= reserved
        self.spent += spent
        self.wake()

    def wake(self) -> None:
        """Have everybody who waits look again."""
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
