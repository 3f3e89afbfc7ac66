"""Following a log live: one look at each log's length for everybody who waits, and their events in order.

A waiting client is a coroutine; only reading takes a thread, for as long as it takes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from promptops_server.audit.read import Filter, newest, read_after
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError, Unavailable

LOOK_SECONDS = 0.5
"""How often it is looked whether a log has grown, however many follow it."""

ALIVE_SECONDS = 10.0
"""Something is sent at least this often, and it is asked again whether the reader still may read."""

MOST_STREAMS = 500
_PAGE = 200


class Tail:
    """One per process; its methods run on the event loop, but `close`, which any thread may call."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looks: dict[str, tuple[float, asyncio.Task[int]]] = {}
        self._closed = False
        self._open = 0

    def close(self) -> None:
        """End every stream within half a second, and begin none."""
        self._closed = True

    def refuse_if_full(self) -> None:
        """Raises Unavailable when there are too many streams, or the server stops."""
        if self._closed or self._open >= MOST_STREAMS:
            raise Unavailable(
                f"{self._open} streams of audit logs are open already.", remedy="Try again later."
            )

    async def newest(self, log_id: str) -> int:
        """The number of the log's last entry, not older than `LOOK_SECONDS`."""
        made, look = self._looks.get(log_id, (0.0, None))
        if look is None or time.monotonic() - made > LOOK_SECONDS:
            look = asyncio.create_task(run_in_threadpool(self._look, log_id))
            self._looks[log_id] = (time.monotonic(), look)
        return await asyncio.shield(look)

    async def stream(
        self, log_id: str, where: Filter, at: int, still_allowed: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[bytes]:
        """Server-sent events: the entries behind `at` that match, each with its number as the event's id."""
        self._open += 1
        try:
            yield b"retry: 2000\n\n"
            told = time.monotonic()
            while not self._closed:
                try:
                    upto = await self.newest(log_id)
                    while at < upto:
                        page = await run_in_threadpool(self._read, log_id, where, at, upto)
                        if page:
                            yield b"".join(map(_event, page))
                            told = time.monotonic()
                        at = page[-1]["seq"] if len(page) == _PAGE else upto
                except Unavailable:
                    pass  # the database is away for a moment; the client need not know
                if time.monotonic() - told > ALIVE_SECONDS:
                    try:
                        await still_allowed()
                    except ProblemError:
                        return
                    yield b": still here\n\n"
                    told = time.monotonic()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._open -= 1

    def _look(self, log_id: str) -> int:
        with self._db.read() as conn:
            return newest(conn, log_id)

    def _read(self, log_id: str, where: Filter, after: int, upto: int) -> list[dict[str, Any]]:
        with self._db.read() as conn:
            return read_after(conn, log_id, where, after=after, upto=upto, limit=_PAGE)


def _event(entry: dict[str, Any]) -> bytes:
    data = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
    return f"id: {entry['seq']}\nevent: audit\ndata: {data}\n\n".encode()
