"""Work that is looked after again and again by a thread of its own, in every process that has some to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from promptops_server.infra.problems import Unavailable

log = structlog.get_logger(__name__)

LEAST_SECONDS = 0.005
TELL_SECONDS = 60.0
"""How often the log says again what is still waited for."""


class Repeating:
    """A thread between `start` and `close`. No error ends it; an absent database is waited for.

    Args:
        name: of the thread, and of its lines in the log.
        work: one round; returns after how many seconds the next one is due.
        otherwise: seconds until the next round after one that failed.
    """

    def __init__(self, name: str, work: Callable[[], float], *, otherwise: float) -> None:
        self._name = name
        self._work = work
        self._otherwise = otherwise
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: tuple[str, float] = ("", 0.0)

    @property
    def stopping(self) -> bool:
        """Whether a round under way should come to its end."""
        return self._stop.is_set()

    def start(self, *, after: float = 0.0) -> None:
        """Begin, with the first round after so many seconds."""
        self._thread = threading.Thread(
            target=self._run, args=(after,), name=self._name, daemon=True
        )
        self._thread.start()

    def close(self, timeout: float = 10.0) -> None:
        """Stop after the round under way, waiting at most `timeout` seconds for it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=timeout)

    def _run(self, wait: float) -> None:
        while not self._stop.wait(wait):
            try:
                wait = max(self._work(), LEAST_SECONDS)
                continue
            except Unavailable as problem:
                self._tell(problem.detail)
            except Exception:
                log.exception(f"{self._name}_failed")
            wait = self._otherwise

    def _tell(self, reason: str) -> None:
        """A person may take hours to decide, and rounds come every second."""
        before, at = self._told
        now = time.monotonic()
        if reason == before and now - at < TELL_SECONDS:
            return
        self._told = (reason, now)
        log.warning(f"{self._name}_waits", reason=reason)
