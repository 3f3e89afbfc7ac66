"""Read the log: a page of entries, newest first, with filters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops_server.audit.tables import audit_event
from promptops_server.infra import cursor


@dataclass(frozen=True, slots=True)
class Filter:
    """``None`` means any. `action` may end in ``.*``."""

    actor: str | None = None
    """A user's row id."""
    action: str | None = None
    object: str | None = None
    outcome: str | None = None


def read_log(
    conn: Connection, log_id: str, where: Filter, *, limit: int, after: str | None
) -> cursor.Page[dict[str, Any]]:
    """Entries of one log, newest first, each with its `entry_hash`."""
    query = select(audit_event.c.seq, audit_event.c.body, audit_event.c.entry_hash).where(
        audit_event.c.log_id == log_id
    )
    if where.actor:
        query = query.where(audit_event.c.actor == where.actor)
    if where.action:
        if where.action.endswith(".*"):
            query = query.where(audit_event.c.action.startswith(where.action[:-1], autoescape=True))
        else:
            query = query.where(audit_event.c.action == where.action)
    if where.object:
        query = query.where(audit_event.c.object_id == where.object)
    if where.outcome:
        query = query.where(audit_event.c.outcome == where.outcome)
    if after:
        query = query.where(audit_event.c.seq < cursor.decode(after, int)[0])
    rows = conn.execute(query.order_by(audit_event.c.seq.desc()).limit(limit + 1))
    entries = [{**json.loads(r.body), "entry_hash": r.entry_hash} for r in rows]
    return cursor.page(entries, limit, lambda e: (e["seq"],))
