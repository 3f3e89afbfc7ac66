"""Passes events on to open streams: one set of bytes per event, whoever many read it.

Owns the streams' queues, their keep-alives, and ending those that are too slow or whose token was revoked. Runs on the
event loop; `publish` is called from any thread. Leaves HTTP to `stream`, and what an event says to `events`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable

import structlog

from promptops.delivery.header import Position
from promptops_server.delivery import status
from promptops_server.delivery.events import KEEP_ALIVE, Event
from promptops_server.delivery.ports import Refusal
from promptops_server.delivery.tokens import TokenKey, Tokens
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

KEEP_ALIVE_SECONDS = 10.0
TOKEN_SECONDS = 2.0
QUEUE_EVENTS = 1000
QUEUE_BYTES = 4 * 1024 * 1024
STALLED_SECONDS = 30.0
"""A stream to which nothing could be written for this long is ended; its follower resumes by `Last-Event-ID`."""

_TICK_SECONDS = 1.0


class Stream:
    """One open connection. `sent` is the position its follower has been told; older releases are left out."""

    __slots__ = ("_queue", "_size", "_wake", "ended", "environment_id", "key", "sent", "written_at")

    def __init__(self, environment_id: str, key: TokenKey) -> None:
        self.environment_id = environment_id
        self.key = key
        self.sent: Position | None = None
        self.written_at = time.monotonic()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue: deque[Event] = deque()
        self._size = 0
        self._wake: asyncio.Future[None] | None = None

    def put(self, event: Event) -> None:
        """Queue an event; a queue over its bounds ends the stream instead."""
        self._queue.append(event)
        self._size += len(event.data)
        # A single event over the bound is no fault of the follower.
        if len(self._queue) > 1 and (len(self._queue) > QUEUE_EVENTS or self._size > QUEUE_BYTES):
            self.end("slow")
            return
        wake = self._wake
        if wake is not None and not wake.done():
            wake.set_result(None)

    async def take(self) -> bytes:
        """Everything queued, as one piece; waits until there is something."""
        while True:
            pieces = []
            while self._queue:
                event = self._queue.popleft()
                if event.position is not None:
                    if self.sent is not None and event.position <= self.sent:
                        continue
                    self.sent = event.position
                pieces.append(event.data)
            self._size = 0
            if pieces:
                return b"".join(pieces)
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def end(self, reason: str) -> None:
        """Have the connection ended; `reason` is counted."""
        if not self.ended.done():
            self.ended.set_result(reason)
            status.STREAMS_CUT.labels(reason).inc()

    @property
    def waiting(self) -> bool:
        """Whether something is queued."""
        return bool(self._queue)


class Hub:
    """One per process."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._streams: dict[str, set[Stream]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._mutex = threading.Lock()
        self._closed = False

    def open(self, environment_id: str, key: TokenKey) -> Stream:
        """Register a stream; events from now on are queued for it. On the event loop."""
        stream = Stream(environment_id, key)
        if self._closed:
            stream.end("shutdown")
        self._loop = asyncio.get_running_loop()
        self._streams.setdefault(environment_id, set()).add(stream)
        status.STREAMS.inc()
        if self._ticker is None or self._ticker.done():
            self._ticker = self._loop.create_task(self._tick())
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream. On the event loop."""
        streams = self._streams.get(stream.environment_id)
        if streams is not None and stream in streams:
            streams.remove(stream)
            status.STREAMS.dec()
            if not streams:
                del self._streams[stream.environment_id]

    def publish(self, environment_id: str, events: Iterable[Event]) -> None:
        """Pass events on, in order, from any thread. Costs the caller microseconds."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._deliver, environment_id, list(events))
        except RuntimeError:  # the loop has ended: so have its streams
            self._loop = None

    def end_all(self) -> None:
        """End every stream and refuse new ones, from any thread: a server that stops must not wait for followers."""
        self._closed = True
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._end_all)
        except RuntimeError:
            self._loop = None

    def _end_all(self) -> None:
        for stream in self._all():
            stream.end("shutdown")

    def _deliver(self, environment_id: str, events: list[Event]) -> None:
        for stream in self._streams.get(environment_id, ()):
            for event in events:
                stream.put(event)

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    async def _tick(self) -> None:
        """Keep-alives, stalled streams and revoked tokens; ends when no stream is left."""
        next_tokens = time.monotonic() + TOKEN_SECONDS
        while streams := self._all():
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            for stream in streams:
                idle = now - stream.written_at
                if stream.waiting and idle > STALLED_SECONDS:
                    stream.end("slow")
                elif not stream.waiting and idle >= KEEP_ALIVE_SECONDS:
                    stream.put(Event(None, KEEP_ALIVE))
            if now >= next_tokens:
                await self._recheck_tokens()
                next_tokens = time.monotonic() + TOKEN_SECONDS

    async def _recheck_tokens(self) -> None:
        by_key: dict[TokenKey, list[Stream]] = {}
        for stream in self._all():
            by_key.setdefault(stream.key, []).append(stream)
        for key, streams in by_key.items():
            try:
                decision = await self._tokens.check(key, anew=True)
            except ProblemError:
                continue  # the database is away: nothing was revoked meanwhile that we could know of
            except Exception:
                log.exception("token_check_failed")
                continue
            if isinstance(decision, Refusal):
                for stream in streams:
                    stream.end("revoked")
