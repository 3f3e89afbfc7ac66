"""Receipts: telling the server which release this process has in use, from a thread of its own.

Owns what a report says, when one is sent (soon after a release, else every 20 s) and patience when
it cannot be. Leaves sending to the sources. Nothing here can fail an application or slow a read:
the follower only leaves a note, and a report that cannot be sent is made up for by the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from promptops.delivery.header import Position
from promptops.delivery.source import Pace, Source
from promptops.delivery.verify import Refusal
from promptops.errors import SourceError

KEPT = 50
"""Releases remembered until a report about them has gone out."""

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_REFUSED_WAIT = 600.0
"""Seconds to the next attempt after a server said that it takes no receipts, or this token may not."""
_GOODBYE = 0.5
"""Seconds that a process which ends waits for its last report, at most."""


class _Applied(NamedTuple):
    position: Position
    took: float
    at: float


class _Refused(NamedTuple):
    code: str
    position: Position | None
    since: float


class Reporter:
    """Reports for one follower. `source` gives the connection to use now, or None."""

    def __init__(self, source: Callable[[], Source | None]) -> None:
        self._source = source
        self._closing = False
        self._prepare()

    def _prepare(self) -> None:
        """Everything that belongs to one process."""
        self.follower = os.urandom(16).hex()
        self._held: tuple[Position, float] | None = None
        self._applied: deque[_Applied] = deque(maxlen=KEPT)
        self._refused: _Refused | None = None
        self._news = False
        self._reported = False
        self._wake = threading.Event()
        self._starting = threading.RLock()  # `close` may come from the garbage collector
        self._thread: threading.Thread | None = None

    def holds(self, position: Position) -> None:
        """Note which release is in use, without having waited for it: at the start. Returns at once."""
        if self._held is None or self._held[0] != position:
            self._held = (position, time.monotonic())
            self._note()

    def applied(self, position: Position, took: float) -> None:
        """Note a release that was taken over `took` seconds after its header came. Returns at once."""
        now = time.monotonic()
        self._held = (position, now)  # first: a report tells nothing above what it says is held
        self._applied.append(_Applied(position, took, now))
        self._note()

    def refuses(self, refusal: Refusal | None) -> None:
        """Note what is not taken over, and why, or (None) that nothing is refused any more. Returns at once."""
        before = self._refused
        if refusal is None:
            if before is not None:
                self._refused = None
                self._note()
        elif before is None or (before.code, before.position) != (refusal.code, refusal.position):
            since = time.monotonic() if before is None else before.since
            self._refused = _Refused(refusal.code, refusal.position, since)
            self._note()

    def close(self) -> None:
        """Say goodbye where the server knows this process, and stop."""
        with self._starting:  # a thread that is about to start is waited for like any other
            self._closing = True
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_GOODBYE)

    def after_fork(self) -> None:
        """In the child of a fork: a follower of its own."""
        held = self._held
        self._prepare()
        if held is not None:
            self.holds(held[0])

    def _note(self) -> None:
        self._news = True
        if self._thread is None:
            with self._starting:
                if not self._closing:
                    thread = threading.Thread(
                        target=self._run, name="promptops-receipts", daemon=True
                    )
                    with contextlib.suppress(RuntimeError):  # no more threads, or the end is near
                        thread.start()
                        self._thread = thread
        self._wake.set()

    # The thread.

    def _run(self) -> None:
        pace, failed, wait = Pace(), 0, 0.0
        while not self._closing:
            if failed:
                self._pause(wait, until_news=False)
            elif not self._news:
                self._pause(wait)
            if self._news and not failed and not self._closing:
                # Many processes get the same release at the same moment: not all report at once, and not
                # while others still take it.
                self._pause(pace.window * random.uniform(0.5, 1.0), until_news=False)  # noqa: S311
            if self._closing:
                break
            self._wake.clear()
            try:
                pace = self._send(leaving=False) or pace
                failed, wait = 0, pace.heartbeat * random.uniform(0.9, 1.0)  # noqa: S311
            except Exception as error:  # whatever it is, it is no matter of the application
                failed += 1
                slowly = isinstance(error, SourceError) and error.retry_slowly
                longest = _REFUSED_WAIT if slowly else _LONGEST_WAIT
                first = longest if slowly else _FIRST_WAIT * 2 ** min(failed - 1, 10)
                wait = min(longest, first) * random.uniform(0.5, 1.0)  # noqa: S311
        if self._reported:
            with contextlib.suppress(Exception):
                self._send(leaving=True)

    def _pause(self, seconds: float, *, until_news: bool = True) -> None:
        """Wait so long, less when it is closed or, `until_news`, when there is some."""
        ends = time.monotonic() + seconds
        while not self._closing and (left := ends - time.monotonic()) > 0:
            woken = self._wake.wait(left)
            self._wake.clear()
            if woken and until_news and self._news:
                return

    def _send(self, *, leaving: bool) -> Pace | None:
        source = self._source()
        if (self._held is None and self._refused is None) or source is None:
            raise SourceError("unreachable", "there is no connection to report over")
        self._news = False  # before looking: what comes from now on is news again
        told = [self._applied.popleft() for _ in range(len(self._applied))]
        held = self._held
        try:
            pace = source.report(self.follower, self._text(held, told, leaving))
        except BaseException:
            room = KEPT - len(self._applied)
            self._applied.extendleft(reversed(told[-room:] if room > 0 else []))
            raise
        self._reported = True
        return pace

    def _text(
        self, held: tuple[Position, float] | None, told: list[_Applied], leaving: bool
    ) -> str:
        now = time.monotonic()
        refused = self._refused
        return json.dumps(
            {
                "follower": self.follower,
                "host": _host(),
                "process": os.getpid(),
                "sdk": _sdk(),
                "release": None if held is None else str(held[0]),
                "held_ms": 0 if held is None else _ms(now - held[1]),
                "applied": [
                    {
                        "release": str(one.position),
                        "took_ms": _ms(one.took),
                        "ago_ms": _ms(now - one.at),
                    }
                    for one in told
                    if held is not None and one.position <= held[0]
                ],
                **({} if refused is None else {"refused": _refused(refused, now)}),
                **({"leaving": True} if leaving else {}),
            },
            separators=(",", ":"),
        )


def _refused(refused: _Refused, now: float) -> dict[str, object]:
    position = None if refused.position is None else str(refused.position)
    return {"code": refused.code, "release": position, "for_ms": _ms(now - refused.since)}


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 3)


def _host() -> str:
    import socket

    name = "".join(c for c in socket.gethostname() if c.isprintable())
    return name[:255] or "unknown"


_known_sdk = ""


def _sdk() -> str:
    global _known_sdk
    if not _known_sdk:
        from importlib.metadata import PackageNotFoundError, version

        try:
            _known_sdk = f"promptops-client {version('promptops-client')}"[:50]
        except PackageNotFoundError:
            _known_sdk = "promptops-client"
    return _known_sdk
