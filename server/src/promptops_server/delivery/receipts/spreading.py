"""A release while it spreads, as server-sent events: one look for everybody who watches the same release.

An event `spread` per change, at most ten a second; `end` when every follower has it, or after ten minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, NamedTuple

from starlette.concurrency import run_in_threadpool

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import look
from promptops_server.delivery.receipts.wire import SpreadOut
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError, Unavailable

LEAST_SECONDS = 0.1
"""Between two events."""
LOOK_SECONDS = 0.5
"""Between two looks while nothing is known to have changed: other servers take receipts in too."""
LONGEST_SECONDS = 600.0
ASK_SECONDS = 2.0
"""Between two times of asking whether the reader still may read."""
ALIVE_SECONDS = 10.0
MOST_STREAMS = 500

Why = Literal["all", "time", "refused", "shutdown"]


class Watched(NamedTuple):
    """A release of an environment."""

    environment_id: str
    position: Position
    acknowledged_at: int


class _Look(NamedTuple):
    at: float
    change: int
    answer: asyncio.Task[SpreadOut]


class Spreading:
    """One per process; its methods run on the event loop, but `changed` and `close`, which any thread may call."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._changes: dict[str, int] = {}
        self._looks: dict[Watched, _Look] = {}
        self._open = 0
        self._closed = False

    def changed(self, environment_id: str) -> None:
        """Receipts of this environment were taken in by this process."""
        self._changes[environment_id] = self._changes.get(environment_id, 0) + 1

    def close(self) -> None:
        """End every stream soon, and begin none."""
        self._closed = True

    def refuse_if_full(self) -> None:
        """Raises Unavailable when there are too many streams, or the server stops."""
        if self._closed or self._open >= MOST_STREAMS:
            raise Unavailable(
                f"{self._open} releases are watched already.", remedy="Try again later."
            )

    async def stream(
        self, watched: Watched, still_allowed: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[bytes]:
        """The events; ends by itself."""
        self._open += 1
        began = told = asked = time.monotonic()
        last = ""
        try:
            yield b"retry: 2000\n\n"
            while True:
                now = time.monotonic()
                if self._closed:
                    yield _end("shutdown")
                    return
                if now - asked > ASK_SECONDS:
                    try:
                        await still_allowed()
                    except Unavailable:
                        pass
                    except ProblemError:
                        yield _end("refused")
                        return
                    asked = now
                try:
                    seen = await self._look(watched)
                except Unavailable:
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                text = seen.model_dump_json()
                if text != last:
                    yield f"event: spread\ndata: {text}\n\n".encode()
                    last, told = text, now
                elif now - told > ALIVE_SECONDS:
                    yield b": still here\n\n"
                    told = now
                if seen.applied == seen.total or now - began > LONGEST_SECONDS:
                    yield _end("all" if seen.applied == seen.total else "time")
                    return
                await asyncio.sleep(LEAST_SECONDS)
        finally:
            self._open -= 1
            if not self._open:
                self._looks.clear()

    async def _look(self, watched: Watched) -> SpreadOut:
        """What is known of it, not older than it must be."""
        change = self._changes.get(watched.environment_id, 0)
        found, now = self._looks.get(watched), time.monotonic()
        if found is None or (
            found.answer.done() and (change != found.change or now - found.at > LOOK_SECONDS)
        ):
            answer = asyncio.create_task(run_in_threadpool(self._read, watched))
            found = self._looks[watched] = _Look(now, change, answer)
        return await asyncio.shield(found.answer)

    def _read(self, watched: Watched) -> SpreadOut:
        with self._db.read() as conn:
            return look.spread(conn, *watched, now_us())


def _end(why: Why) -> bytes:
    return f'event: end\ndata: {{"why":"{why}"}}\n\n'.encode()
