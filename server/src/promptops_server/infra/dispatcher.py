"""Starts the job of every waiting outbox row; what a crash interrupted between commit and work happens here.

Owns the loop and the mapping from topic to job; the jobs themselves belong to the capabilities, and `app` connects the two.
A row's id is its job's id, so starting a job and then crashing before the row is marked starts nothing twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from promptops_server.infra import outbox
from promptops_server.infra.database import Database
from promptops_server.infra.jobs import Jobs
from promptops_server.infra.problems import Unavailable

log = structlog.get_logger(__name__)

BATCH = 100
_FORGET_EVERY_SECONDS = 600.0


class Dispatcher:
    """A thread of its own between `start` and `close`.

    Args:
        topics: topic → name of the registered job. A row of a topic nobody handles is marked done.
        done: topic → whether the work of a row is known to be done, from memory: then there is no job.
        latest_only: topics where one job does for all waiting rows of a key, so that a burst costs one job.
        at_once: topics whose jobs begin in this process without queueing (see `Jobs.start`).
        poll_seconds: how often to look without being woken; other processes cannot wake this one.
        keep_seconds: how long dispatched rows are kept, for diagnosis.
    """

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        topics: Mapping[str, str],
        *,
        done: Mapping[str, Callable[[outbox.OutboxRow], bool]] | None = None,
        latest_only: frozenset[str] = frozenset(),
        at_once: frozenset[str] = frozenset(),
        poll_seconds: float = 1.0,
        keep_seconds: float = 7 * 86_400,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._topics = dict(topics)
        self._done = dict(done or {})
        self._latest_only = latest_only
        self._at_once = at_once
        self._poll_seconds = poll_seconds
        self._keep_us = int(keep_seconds * 1_000_000)
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self._next_forget = 0.0

    def start(self) -> None:
        """Begin; rows left by an earlier process go first."""
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now. Cheap; made for after-commit hooks."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the batch under way."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def dispatch_waiting(self) -> int:
        """Start the jobs of all waiting rows; returns how many rows were handled."""
        handled = 0
        while not self._stop:
            with self._database.read() as conn:
                rows = outbox.waiting(conn, BATCH)
            if not rows:
                return handled
            newest = {(row.topic, row.key): row.id for row in rows}
            for row in rows:
                name = self._topics.get(row.topic)
                covered = row.topic in self._latest_only and newest[row.topic, row.key] != row.id
                if name is not None and not covered and not self._is_done(row):
                    self._jobs.start(
                        name,
                        row.id,
                        {**row.payload, "key": row.key},
                        at_once=row.topic in self._at_once,
                    )
            # In a transaction of its own, after the jobs are durable: a crash before it only repeats idempotent starts.
            with self._database.write() as tx:
                outbox.mark_dispatched(tx.conn, [row.id for row in rows], tx.now)
            handled += len(rows)
        return handled

    def _is_done(self, row: outbox.OutboxRow) -> bool:
        done = self._done.get(row.topic)
        return done is not None and done(row)

    def _run(self) -> None:
        while not self._stop:
            try:
                self.dispatch_waiting()
                self._forget_old()
            except Unavailable as problem:
                log.warning("dispatcher_waits", reason=problem.detail)
            except Exception:
                log.exception("dispatcher_failed")
            self._wake.wait(self._poll_seconds)
            self._wake.clear()

    def _forget_old(self) -> None:
        if time.monotonic() < self._next_forget:
            return
        self._next_forget = time.monotonic() + _FORGET_EVERY_SECONDS
        with self._database.write() as tx:
            outbox.forget_dispatched(tx.conn, tx.now - self._keep_us)
