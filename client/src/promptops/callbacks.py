"""What may be given to `on_release`.

Owns the sentences, which the clients share with their stand-ins for tests.
"""

from __future__ import annotations

import inspect


def check_callable(callback: object) -> None:
    """Raise `TypeError` for what cannot be called."""
    if not callable(callback):
        raise TypeError(f"on_release takes a function, not {type(callback).__name__}")


def check_plain(callback: object) -> None:
    """Raise `TypeError` also for a coroutine function: nobody would await what it gives."""
    check_callable(callback)
    if inspect.iscoroutinefunction(callback):
        raise TypeError("on_release of PromptOps takes a plain function; AsyncPromptOps takes both")
