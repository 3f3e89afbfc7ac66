"""The in-memory client for code that takes an `AsyncPromptOps`.

Owns what is asynchronous: entering, leaving, callbacks in the loop and `releases()`. Everything else
is `in_memory`'s.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType
from typing import Self

from promptops.callbacks import check_callable
from promptops.delivery.held import Release
from promptops.release_readers import ReleaseReaders
from promptops.testing.in_memory import InMemoryEnvironment


class InMemoryAsyncPromptOps(InMemoryEnvironment):
    """A stand-in for `AsyncPromptOps`. It may be read, and published to, outside `async with` too."""

    def __init__(
        self, project: str = "test", environment: str = "test", *, max_age: float | None = None
    ) -> None:
        super().__init__(project, environment, max_age=max_age)
        self._readers = ReleaseReaders()

    def on_release(
        self, callback: Callable[[Release], Awaitable[object] | object]
    ) -> Callable[[], None]:
        """As `AsyncPromptOps.on_release`; a function is called before the releasing method returns."""
        check_callable(callback)
        loop = asyncio.get_running_loop()
        running: set[asyncio.Future[object]] = set()

        def call(release: Release) -> None:
            result = callback(release)
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(result, loop=loop)
                running.add(task)  # the loop keeps only weak references to tasks
                task.add_done_callback(running.discard)

        return self._listen(call)

    def releases(self) -> AsyncGenerator[Release, None]:
        """As `AsyncPromptOps.releases`."""
        return self._readers.read(self._listen)

    async def close(self) -> None:
        """End those who wait for releases."""
        self._readers.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
