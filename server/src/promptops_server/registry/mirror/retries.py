"""Starts attempts whose time has come: retries after a failure, and those a dead process left behind.

One thread per process. A due mirror is marked in the transaction that writes the outbox row, so that of several
processes one starts the attempt; an attempt that never began is started again.
"""

from __future__ import annotations

from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.repeating import Repeating
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.mirror import store

_TO_BEGIN_US = 30 * 1_000_000
"""How long a queued attempt has to begin before it is queued again."""


class MirrorRetries:
    """A thread of its own between `start` and `close`.

    Args:
        poll_seconds: how often to look.
    """

    def __init__(self, db: Database, poll_seconds: float = 1.0) -> None:
        self._db = db
        self._poll_seconds = poll_seconds
        self._thread = Repeating("mirror_retries", self._round, otherwise=poll_seconds)

    def start(self) -> None:
        """Begin."""
        self._thread.start(after=self._poll_seconds)

    def close(self) -> None:
        """Stop."""
        self._thread.close(timeout=5)

    def _round(self) -> float:
        queue_due(self._db)
        return self._poll_seconds


def queue_due(db: Database) -> int:
    """Queue every attempt that is due; returns how many."""
    with db.read() as conn:
        found = store.due(conn, now_us())
    queued = 0
    for mirror_id, project_id in found:
        with db.write() as tx:
            lock_project(tx.conn, project_id)
            if (mirror_id, project_id) not in store.due(tx.conn, tx.now):
                continue  # another process was faster
            values = {"lease": None, "lease_until": tx.now + _TO_BEGIN_US}
            store.change(tx.conn, mirror_id, values)
            queue_push(tx, project_id)
            queued += 1
    return queued
