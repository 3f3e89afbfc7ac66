"""Write an event in the caller's transaction.

The caller holds the project lock (or, for the installation's log, this module takes that log's own lock), so the next
sequence number is simply the last one plus one.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from promptops_server.audit.append import append, last_entry
from promptops_server.audit.model import (
    GENESIS,
    INSTALLATION_LOG,
    AuditEvent,
    entry_hash,
    write_entry,
)
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import hold_project

# Any constant works; it must only differ from the other advisory locks of this product.
_INSTALLATION_LOCK = text("SELECT pg_advisory_xact_lock(7310417881)")


def record(tx: Transaction, event: AuditEvent, *, project_id: str | None = None) -> int:
    """Append to the project's log (its lock must be held) or, without `project_id`, to the installation's.

    Returns the entry's sequence number. Call it last in a transaction, so that it can tell what happened.
    """
    log_id = project_id or INSTALLATION_LOG
    if project_id is None:
        _lock_installation_log(tx.conn)
    last = last_entry(tx.conn, log_id)
    seq, prev_hash = (last[0] + 1, last[1]) if last else (1, GENESIS)
    event_id = new_id()
    entry = write_entry(
        event,
        log_id=log_id,
        seq=seq,
        event_id=event_id,
        now=tx.now,
        prev_hash=prev_hash,
        policy_version=tx.policy_version,
    )
    about = event.object
    row = (
        log_id,
        seq,
        event_id,
        tx.now,
        event.action,
        event.outcome,
        event.actor.subject,
        about.type,
        about.id if about.type != "user" else about.person or "",
        event.environment,
        entry.body,
        entry_hash(entry.body),
    )
    append(tx.conn, row, entry.personal)
    return seq


def record_denial(db: Database, event: AuditEvent, *, project_id: str | None = None) -> None:
    """A refusal, in a transaction of its own: the refused change left none."""
    with db.write() as tx:
        if project_id is not None:
            hold_project(tx.conn, project_id)
        record(tx, event, project_id=project_id)


def _lock_installation_log(conn: Connection) -> None:
    if conn.dialect.name != "sqlite":
        conn.execute(_INSTALLATION_LOCK)
