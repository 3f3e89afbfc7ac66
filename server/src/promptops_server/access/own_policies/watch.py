"""Keeps a process deciding by the policies in the database: a change made elsewhere is noticed within a second."""

from __future__ import annotations

import threading

import structlog

from promptops_server.access.own_policies import store
from promptops_server.access.policy import Policies
from promptops_server.infra.database import Database
from promptops_server.infra.repeating import Repeating

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class PolicyWatch:
    """A thread of its own between `start` and `close`. While the database is down, what was in force stays."""

    def __init__(self, db: Database, policies: Policies) -> None:
        self._db = db
        self._policies = policies
        self._mutex = threading.Lock()
        self._thread = Repeating("policies", self._round, otherwise=POLL_SECONDS)

    def start(self) -> None:
        """Read what is in force, then follow it.

        Raises:
            Unavailable: the database is down. Nothing may be decided before the policies are known.
        """
        self.reload()
        self._thread.start(after=POLL_SECONDS)

    def close(self) -> None:
        """Stop following."""
        self._thread.close(timeout=5)

    def reload(self) -> None:
        """Decide by what the database holds now.

        Raises:
            Unavailable: the database is down.
        """
        # Read and put to use under one mutex: the older of two readings must not be the last one put to use.
        with self._mutex:
            with self._db.read() as conn:
                own = store.in_force(conn)
            before = self._policies.version
            self._policies.use(own)
        if self._policies.version != before:
            log.info("policies_changed", policy_version=self._policies.version, own=len(own))

    def _round(self) -> float:
        self.reload()
        return POLL_SECONDS
