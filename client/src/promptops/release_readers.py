"""Who waits for releases with `async for`, in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from promptops.delivery.held import Release


class ReleaseReaders:
    """The waiting readers of one client; used in its loop alone."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Queue[Release | None]] = set()

    def read(
        self, listen: Callable[[Callable[[Release], None]], Callable[[], None]]
    ) -> AsyncGenerator[Release, None]:
        """Every release from this call on, in order, until `end`.

        Args:
            listen: has a function called with each release, in the loop, until what it returns is called.
        """
        queue: asyncio.Queue[Release | None] = asyncio.Queue()
        stop = listen(queue.put_nowait)
        self._waiting.add(queue)

        async def told() -> AsyncGenerator[Release, None]:
            try:
                while (release := await queue.get()) is not None:
                    yield release
            finally:
                self._waiting.discard(queue)
                stop()

        return told()

    def end(self) -> None:
        """End all who wait, after what was told already."""
        for queue in self._waiting:
            queue.put_nowait(None)
