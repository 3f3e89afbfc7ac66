"""Long work in a thread lets others have the interpreter now and then.

Python hands the interpreter over once somebody has waited for a whole switch interval in vain. Work that gives it up for
moments itself, to hash, inflate or query, wakes the waiters each time and takes it back before they run, and their
interval begins anew: other requests may wait for a second. A real pause, however short, is a turn they can take.
"""

from __future__ import annotations

import time

EVERY_SECONDS = 0.01
PAUSE_SECONDS = 0.0005


class Courtesy:
    """Call it once per piece of work; it pauses when it has worked long enough. Not while holding a lock."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def __call__(self) -> None:
        if time.perf_counter() - self._since > EVERY_SECONDS:
            time.sleep(PAUSE_SECONDS)
            self._since = time.perf_counter()
