"""How far a long command is, on standard error: one line that is written over on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

_EVERY_SECONDS = 0.2


def progress(*, quiet: bool) -> tuple[Callable[[str, int], None], Callable[[], None]]:
    """What to tell (a word and bytes so far), and what to call at the end."""
    if quiet or not sys.stderr.isatty():
        return (lambda _what, _done: None), (lambda: None)
    last = 0.0

    def tell(what: str, done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY_SECONDS:
            last = now
            sys.stderr.write(f"\r\x1b[K{done / 1e6:,.1f} MB  {what}")
            sys.stderr.flush()

    def end() -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return tell, end
