"""A first-come, first-served lock between threads.

`threading.Lock` lets a busy thread take the lock again and again; with SQLite's single writer that starves
the others for seconds. Ownership here is handed to the longest waiter.
"""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """Not re-entrant. `acquire` returns False when the time is over."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for the turn."""
        with self._mutex:
            if not self._held and not self._waiting:
                self._held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return True
        with self._mutex:
            if turn.is_set():  # handed over in the moment we gave up: the lock is ours after all
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Hand the lock to the longest waiter, or free it."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False
