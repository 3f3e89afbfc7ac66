"""Erasures that were asked for, and carrying them out: the request's transaction may not delete, maintenance may."""

from __future__ import annotations

import structlog
from sqlalchemy import insert, select, update

from promptops_server.audit.holds import require_no_hold
from promptops_server.audit.maintenance import opened
from promptops_server.audit.personal import erase, logs_about
from promptops_server.audit.tables import audit_erasure
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Denied
from promptops_server.infra.project_lock import lock_project

log = structlog.get_logger(__name__)


def ask(tx: Transaction, subject: str, name: str) -> None:
    """Have what the logs hold of a person deleted; `carry_out` does it right after the commit, or later."""
    tx.conn.execute(
        insert(audit_erasure),
        {"id": new_id(), "subject": subject, "name": name, "asked_at": tx.now, "done_at": None},
    )


def carry_out(db: Database) -> int:
    """Delete what was asked for; returns of how many entries. A hold placed meanwhile makes it wait.

    Args:
        db: opened with the role that may delete.

    Raises:
        Unavailable: it may not; the erasures wait.
    """
    with db.read() as conn:
        waiting = conn.execute(
            select(audit_erasure.c.id, audit_erasure.c.subject, audit_erasure.c.name).where(
                audit_erasure.c.done_at.is_(None)
            )
        ).all()
    count = 0
    for row in waiting:
        try:
            with opened(db) as tx:
                require_no_hold(tx.conn, None)
                for log_id in sorted(logs_about(tx.conn, row.subject, row.name)):
                    lock_project(tx.conn, log_id)  # a hold that is being placed is waited for
                    require_no_hold(tx.conn, log_id)
                # The event of the erasure itself names nobody but the pseudonym, and goes with the rest.
                count += erase(tx.conn, row.subject, row.name)
                tx.conn.execute(
                    update(audit_erasure)
                    .where(audit_erasure.c.id == row.id)
                    .values(name=None, done_at=tx.now)
                )
        except Denied:
            log.info("erasure_held", erasure=row.id)
    return count
