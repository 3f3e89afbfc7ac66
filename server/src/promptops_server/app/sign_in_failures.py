"""Failed sign-ins as events of the installation's log: a bounded number a minute, whoever tries.

A name is told only when somebody has it: what people type into the wrong field may be their password.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import structlog

from promptops_server import audit
from promptops_server.access.users import find_user
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

NOBODY = Actor(subject="nobody", name="nobody", kind="system", auth_method="none")
"""Who acts where nobody could prove to be somebody."""

PER_MINUTE = 60


class SignInFailures:
    """One per process; called on a thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._recent: deque[float] = deque(maxlen=PER_MINUTE)
        self._mutex = threading.Lock()

    def __call__(self, name: str) -> None:
        """Record that a sign-in under this name failed. Never raises a problem."""
        now = time.monotonic()
        with self._mutex:
            if len(self._recent) == PER_MINUTE and now - self._recent[0] < 60:
                return
            self._recent.append(now)
        try:
            with self._db.read() as conn:
                found = find_user(conn, name)
            about = (
                audit.AuditObject("user", found.name, person=found.id)
                if found
                else audit.AuditObject("sign-in", "unknown name")
            )
            event = audit.AuditEvent(
                "session.sign_in", about, NOBODY, outcome="failed", rule="password"
            )
            audit.record_denial(self._db, event)
        except ProblemError:
            log.exception("sign_in_failure_not_audited")
