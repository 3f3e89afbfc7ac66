"""What happens in projects, told to browsers as it happens: one look per project for however many streams.

Every event is read, made and written out once, and put into the queue of each stream. A stream that does not keep up
is ended; its browser comes back by itself with `Last-Event-ID` and is told what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from starlette.concurrency import run_in_threadpool

from promptops_server.audit.happenings import happening_of
from promptops_server.audit.read import Filter, newest, read_after
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError, Unavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.15
"""Between two looks at a project's log, while somebody listens."""
ASK_SECONDS = 1.5
"""Between two times of asking whether a listener still may listen."""
ALIVE_SECONDS = 15.0
"""A stream says something at least this often."""
MOST_STREAMS = 2_000
MISSED = 500
"""Events told of what was missed, at most; who missed more is told to load everything anew."""
QUEUE = 1_000
_PAGE = 200


@dataclass(eq=False, slots=True)
class _Listener:
    at: int
    """The last entry told, or passed over."""
    queue: deque[tuple[int, bytes]] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    slow: bool = False

    def put(self, seq: int, event: bytes) -> None:
        """Have an event told, unless it was."""
        if seq <= self.at:
            return
        if len(self.queue) >= QUEUE:
            self.slow = True
        else:
            self.queue.append((seq, event))
        self.wake.set()


@dataclass(slots=True)
class _Project:
    upto: int
    listeners: set[_Listener] = field(default_factory=set)
    poll: asyncio.Task[None] | None = None


class Live:
    """One per process; its methods run on the event loop, but `close`, which any thread may call."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._projects: dict[str, _Project] = {}
        self._open = 0
        self._closed = False

    def close(self) -> None:
        """End every stream soon, and begin none."""
        self._closed = True

    def refuse_if_full(self) -> None:
        """Raises Unavailable when there are too many streams, or the server stops."""
        if self._closed or self._open >= MOST_STREAMS:
            raise Unavailable(
                f"{self._open} streams of events are open already.", remedy="Try again later."
            )

    async def stream(
        self, project_id: str, after: int | None, still_allowed: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[bytes]:
        """Server-sent events: what happens from now on; with `after`, first what happened behind that entry."""
        self._open += 1
        listener: _Listener | None = None
        try:
            listener, upto = await self._listen(project_id)
            # What the queue may hold already begins behind `upto`; before it comes what was missed.
            missed = b""
            if after is not None and after < upto:
                missed = await self._missed(project_id, after, upto)
            # The id comes last: a browser cut off in between has to ask for the missed again.
            yield b"retry: 2000\n\nevent: hello\ndata: {}\n\n" + missed + f"id: {upto}\n\n".encode()
            async for piece in self._tell(listener, still_allowed):
                yield piece
        except Unavailable:
            return  # the browser tries again
        finally:
            self._open -= 1
            if listener is not None:
                self._forget(project_id, listener)

    async def _tell(
        self, listener: _Listener, still_allowed: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[bytes]:
        told = asked = time.monotonic()
        while not self._closed and not listener.slow:
            pieces = []
            while listener.queue:
                seq, event = listener.queue.popleft()
                listener.at = seq
                pieces.append(event)
            now = time.monotonic()
            if pieces:
                yield b"".join(pieces)
                told = now
            elif now - told >= ALIVE_SECONDS - ASK_SECONDS:
                yield b": still here\n\n"
                told = now
            if now - asked >= ASK_SECONDS:
                try:
                    await still_allowed()
                except Unavailable:
                    pass  # the database is away: nothing was revoked meanwhile that we could know of
                except ProblemError:
                    return
                asked = time.monotonic()
            listener.wake.clear()
            if not listener.queue:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(listener.wake.wait(), ASK_SECONDS / 2)

    async def _listen(self, project_id: str) -> tuple[_Listener, int]:
        project = self._projects.get(project_id)
        if project is None:
            upto = await run_in_threadpool(self._newest, project_id)
            project = self._projects.setdefault(project_id, _Project(upto))
        listener = _Listener(project.upto)
        project.listeners.add(listener)
        if project.poll is None or project.poll.done():
            project.poll = asyncio.create_task(self._poll(project_id, project))
        return listener, project.upto

    def _forget(self, project_id: str, listener: _Listener) -> None:
        project = self._projects.get(project_id)
        if project is not None:
            project.listeners.discard(listener)

    async def _poll(self, project_id: str, project: _Project) -> None:
        """Look at the log and tell everybody, until nobody listens."""
        while project.listeners and not self._closed:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                upto, told = await run_in_threadpool(self._look, project_id, project.upto)
            except Unavailable:
                continue  # the database is away for a moment; nobody need know
            except Exception:
                log.exception("live_events_failed")
                await asyncio.sleep(1.0)
                continue
            project.upto = upto
            for seq, event in told:
                for listener in project.listeners:
                    listener.put(seq, event)
        if self._closed:
            for listener in project.listeners:
                listener.wake.set()
        elif not project.listeners and self._projects.get(project_id) is project:
            del self._projects[project_id]

    async def _missed(self, project_id: str, after: int, upto: int) -> bytes:
        told = await run_in_threadpool(self._between, project_id, after, upto)
        return _reset(upto) if told is None else b"".join(event for _, event in told)

    def _between(self, project_id: str, after: int, upto: int) -> list[tuple[int, bytes]] | None:
        if upto - after > MISSED:
            return None
        told: list[tuple[int, bytes]] = []
        with self._db.read() as conn:
            while after < upto:
                page = read_after(conn, project_id, Filter(), after=after, upto=upto, limit=_PAGE)
                told += _events(page)
                after = page[-1]["seq"] if len(page) == _PAGE else upto
        return told

    def _newest(self, project_id: str) -> int:
        with self._db.read() as conn:
            return newest(conn, project_id)

    def _look(self, project_id: str, after: int) -> tuple[int, list[tuple[int, bytes]]]:
        with self._db.read() as conn:
            upto = newest(conn, project_id)
            if upto <= after:
                return after, []
            page = read_after(conn, project_id, Filter(), after=after, upto=upto, limit=_PAGE)
        return (page[-1]["seq"] if len(page) == _PAGE else upto), _events(page)


def _events(entries: list[dict[str, object]]) -> list[tuple[int, bytes]]:
    made = []
    for entry in entries:
        happening = happening_of(entry)
        if happening is not None:
            seq = int(str(entry["seq"]))
            data = happening.model_dump_json()
            made.append((seq, f"id: {seq}\nevent: change\ndata: {data}\n\n".encode()))
    return made


def _reset(upto: int) -> bytes:
    return f"id: {upto}\nevent: reset\ndata: {{}}\n\n".encode()
