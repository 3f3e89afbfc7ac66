"""The client for asyncio: the same thread follows, and nothing here blocks the event loop.

Owns starting and stopping without blocking, asynchronous callbacks and `releases()`. Everything
else is `client`'s: `get` is a read of memory and needs no `await`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from promptops import settings as settings_
from promptops.callbacks import check_callable
from promptops.client import DAY, PromptOps
from promptops.compose import Content
from promptops.delivery.held import Release
from promptops.health import Health
from promptops.lookup import Snapshot
from promptops.prompt import Prompt
from promptops.release_readers import ReleaseReaders

log = logging.getLogger("promptops")


class _Starting(PromptOps):
    """A client whose constructor does not wait."""

    def __init__(
        self,
        settings: settings_.ClientSettings,
        max_age: float | None,
        max_start_age: float | None,
    ) -> None:
        self._begin(settings, max_age, max_start_age)

    async def started(self, timeout: float) -> None:
        """Wait as the constructor of `PromptOps` does, in another thread."""
        await asyncio.to_thread(self._follower.wait, timeout)
        self._say_how_it_started()


class AsyncPromptOps:
    """As `PromptOps`, for `async with`: entering waits for the live release, leaving closes.

    The arguments are those of `PromptOps`. Methods that read raise `RuntimeError` outside
    `async with`.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        project: str | None = None,
        environment: str | None = None,
        *,
        redis_url: str | None = None,
        trust_key: str | None = None,
        start_timeout: float = 5.0,
        max_age: float | None = None,
        max_start_age: float | None = DAY,
        cache_dir: str | Path | None = None,
        disk_cache: bool = True,
        ca_file: str | Path | None = None,
        receipts: bool | None = None,
    ) -> None:
        settings_.check_seconds(optional=False, start_timeout=start_timeout)
        settings_.check_seconds(max_age=max_age, max_start_age=max_start_age)
        self._settings = settings_.resolve(
            url=url,
            token=token,
            project=project,
            environment=environment,
            redis_url=redis_url,
            trust_key=trust_key,
            cache_dir=cache_dir,
            disk_cache=disk_cache,
            ca_file=ca_file,
            receipts=receipts,
        )
        self._start_timeout = start_timeout
        self._ages = (max_age, max_start_age)
        self._started: _Starting | None = None
        self._readers = ReleaseReaders()

    async def __aenter__(self) -> Self:
        if self._started is not None:
            raise RuntimeError(
                "this client was entered before: make a new one for each `async with`"
            )
        client = self._started = await asyncio.to_thread(_Starting, self._settings, *self._ages)
        try:
            await client.started(self._start_timeout)
        except BaseException:
            await asyncio.shield(self.close())
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def get(self, path: str, *, fallback: Content | None = None) -> Prompt:
        """As `PromptOps.get`: a read of memory."""
        return self._client.get(path, fallback=fallback)

    def snapshot(self) -> Snapshot:
        """As `PromptOps.snapshot`."""
        return self._client.snapshot()

    def health(self) -> Health:
        """As `PromptOps.health`."""
        return self._client.health()

    def on_release(
        self, callback: Callable[[Release], Awaitable[object] | object]
    ) -> Callable[[], None]:
        """Call `callback(release)`, a function or a coroutine function, in the running event loop.

        What it raises is logged. Returns the function that ends it.
        """
        check_callable(callback)
        loop = asyncio.get_running_loop()
        running: set[asyncio.Future[object]] = set()

        def call(release: Release) -> None:
            try:
                result = callback(release)
            except Exception:
                log.exception("an on_release callback failed for release %s", release.number)
                return
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(_logged(result, release))
                running.add(task)  # the loop keeps only weak references to tasks
                task.add_done_callback(running.discard)

        return self._client.on_release(lambda release: _in_loop(loop, call, release))

    def releases(self) -> AsyncGenerator[Release, None]:
        """Every release taken over from this call on, in order, until this client is closed."""
        loop = asyncio.get_running_loop()
        return self._readers.read(
            lambda put: self._client.on_release(lambda release: _in_loop(loop, put, release))
        )

    async def close(self) -> None:
        """Stop following, without blocking the loop. What is held can still be read."""
        if self._started is not None:
            await asyncio.to_thread(self._started.close)
        self._readers.end()

    @property
    def _client(self) -> PromptOps:
        if self._started is None:
            raise RuntimeError(
                "AsyncPromptOps is used inside `async with AsyncPromptOps(…) as ops:`"
            )
        return self._started


def _in_loop(
    loop: asyncio.AbstractEventLoop, call: Callable[[Release], object], release: Release
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, release)


async def _logged(result: Awaitable[object], release: Release) -> object:
    try:
        return await result
    except Exception:
        log.exception("an on_release callback failed for release %s", release.number)
        return None
