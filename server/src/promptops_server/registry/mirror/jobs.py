"""The job `push-mirror`, as the outbox's topic ``mirror`` starts it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from promptops_server.registry.mirror.push import PushDeps, push_mirrors, put_off


def push_job(deps: PushDeps, at_once: int) -> Callable[[dict[str, Any]], None]:
    """The job's function. At most `at_once` run in this process, so that slow hosts never take all job threads."""
    turns = threading.BoundedSemaphore(at_once)

    def push_mirror(payload: dict[str, Any]) -> None:
        if not turns.acquire(blocking=False):
            put_off(deps.db, payload["key"])
            return
        try:
            push_mirrors(deps, payload["key"], payload["run"])
        finally:
            turns.release()

    return push_mirror
