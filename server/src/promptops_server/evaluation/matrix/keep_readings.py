"""Stores readings of suites in a thread of its own, so that whoever reads the matrix waits for no write.

A reading that cannot be stored is let go: it is made again after the next start. Owns the thread and its queue.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from promptops_server.evaluation.matrix.readings import Reading, store_readings
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable

log = structlog.get_logger(__name__)

_WAITING: Final = 200
"""Pages whose readings wait; more are let go."""

_Batch = tuple[str, Sequence[Reading]]


class KeptReadings:
    """Call it with a project's id and its readings, from any thread; before `start` they are let go."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: queue.Queue[_Batch | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None

    def __call__(self, project_id: str, readings: Sequence[Reading]) -> None:
        if self._thread is not None:
            with suppress(queue.Full):
                self._waiting.put_nowait((project_id, tuple(readings)))

    def start(self) -> None:
        """Begin to store."""
        self._thread = threading.Thread(target=self._run, name="suite_readings", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Store what waits, for at most `timeout` seconds."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with suppress(queue.Full):
                self._waiting.put(None, timeout=timeout)
            thread.join(timeout)

    def _run(self) -> None:
        while (batch := self._waiting.get()) is not None:
            project_id, readings = batch
            try:
                with self._db.write() as tx:
                    store_readings(tx, project_id, readings)
            except Unavailable as problem:
                log.info("suite_readings_not_kept", reason=problem.detail)
            except Exception:
                log.exception("suite_readings_not_kept")
