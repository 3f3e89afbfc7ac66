"""Remove what is older than the law asks for, from the front of a log only, so that the rest is still proved.

What is removed ends at a multiple of 256 entries below a signed checkpoint: the roots of complete subtrees stay, so
every later root, proof and checkpoint can be computed as before. An event of the log says how far it was removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, insert, select

from promptops_server.audit.checkpoints import Log
from promptops_server.audit.checkpoints import newest as newest_checkpoint
from promptops_server.audit.holds import require_no_hold
from promptops_server.audit.maintenance import opened
from promptops_server.audit.model import INSTALLATION_LOG, AuditEvent, AuditObject
from promptops_server.audit.read import first_at
from promptops_server.audit.record import record
from promptops_server.audit.removed import removed
from promptops_server.audit.tables import audit_event, audit_personal, audit_removed
from promptops_server.audit.tree import LOWEST_LEVEL
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Denied, Unavailable
from promptops_server.infra.project_lock import lock_project

log = structlog.get_logger(__name__)

YEAR_US = 31_557_600 * 1_000_000
"""365.25 days."""

KeptFrom = Callable[[Connection, str, int], int | None]
"""Of a log (by id), from when on everything is kept for the sake of a record that lived after a time; None: nothing is."""


def keep_from(now: int, years: int, oldest_record: int | None) -> int:
    """From when on events are kept: for `years` after the end of the life of the record they are about. Pure."""
    reached = now - years * YEAR_US
    return reached if oldest_record is None else min(reached, oldest_record)


def remove_old(db: Database, logs: Iterable[Log], years: int, kept_from: KeptFrom) -> int:
    """Remove from each log what is older; returns how many entries. A hold, or no role to do it, leaves a log alone."""
    count = 0
    for of in logs:
        try:
            count += _remove(db, of, years, kept_from)
        except Denied:
            log.info("audit_retention_held", log=of.name)
        except Unavailable as problem:
            log.warning("audit_retention_not_possible", log=of.name, reason=problem.detail)
    return count


def _remove(db: Database, of: Log, years: int, kept_from: KeptFrom) -> int:
    now = now_us()
    with db.read() as conn:
        oldest = kept_from(conn, of.log_id, now - years * YEAR_US)
        end = _end(conn, of.log_id, keep_from(now, years, oldest))
        before = removed(conn, of.log_id)
        begin = before.size if before else 0
        if end <= begin:
            return 0
    project_id = None if of.log_id == INSTALLATION_LOG else of.log_id
    with opened(db) as tx:
        conn = tx.conn
        if project_id is not None:
            lock_project(conn, project_id)
        require_no_hold(conn, project_id)
        signed = newest_checkpoint(conn, of.log_id)
        prev = conn.execute(
            select(audit_event.c.entry_hash).where(
                audit_event.c.log_id == of.log_id, audit_event.c.seq == end
            )
        ).scalar_one()
        for table in (audit_personal, audit_event):
            gone: Any = table.c
            conn.execute(delete(table).where(gone.log_id == of.log_id, gone.seq <= end))
        conn.execute(
            insert(audit_removed),
            {
                "log_id": of.log_id,
                "size": end,
                "prev_hash": prev,
                "checkpoint": signed.size if signed else 0,
                "removed_at": tx.now,
            },
        )
        record(
            tx,
            AuditEvent(
                "audit.remove",
                AuditObject("audit_log", of.name),
                SYSTEM,
                project=None if project_id is None else of.name,
                before={"first": begin + 1},
                after={"first": end + 1, "years": years},
                reason=f"Older than {years} years after the end of every record they are about",
            ),
            project_id=project_id,
        )
    log.info("audit_entries_removed", log=of.name, first=begin + 1, last=end)
    return end - begin


def _end(conn: Connection, log_id: str, moment: int) -> int:
    """The last entry that may go: before `moment`, as are all before it, below a checkpoint, never the whole log."""
    signed = newest_checkpoint(conn, log_id)
    if signed is None:
        return 0
    end = min(first_at(conn, log_id, moment) - 1, signed.size - 1)
    end = end >> LOWEST_LEVEL << LOWEST_LEVEL
    latest = conn.execute(
        select(func.max(audit_event.c.occurred_at)).where(
            audit_event.c.log_id == log_id, audit_event.c.seq <= end
        )
    ).scalar()
    # A clock that was set back put a young entry among old ones: better to keep them.
    return 0 if latest is not None and latest >= moment else end
