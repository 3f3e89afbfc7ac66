"""Whether something is worth telling again: not when the same was told a while ago."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable

_REMEMBERED = 10_000


class Seldom:
    """Remembers what was told; safe to call from any thread."""

    def __init__(self, every_seconds: float) -> None:
        self._every = every_seconds
        self._told: dict[Hashable, float] = {}
        self._mutex = threading.Lock()

    def is_new(self, what: Hashable) -> bool:
        """True once in the time; whoever gets it is to tell."""
        now = time.monotonic()
        with self._mutex:
            if now - self._told.get(what, -self._every) < self._every:
                return False
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            self._told[what] = now
            return True
