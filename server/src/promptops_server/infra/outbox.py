"""The outbox: "this still has to happen", written in the transaction that made it necessary.

A row is a topic, a key and a small JSON payload. After the commit somebody usually does the work at once;
the dispatcher (`infra.dispatcher`) starts the job of every row that waits, with the row's id as the job's id,
so that a crash in between repeats the work and never forgets it. Jobs are idempotent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from promptops_server.infra.ids import new_id
from promptops_server.infra.tables import outbox

CHANNEL = "promptops_outbox"
"""PostgreSQL's channel for announced rows; a notice reads ``topic:key``."""

_ANNOUNCE = text("SELECT pg_notify(:channel, :notice)")
_INSERT = insert(outbox)
_WAITING = (
    select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.payload)
    .where(outbox.c.dispatched_at.is_(None))
    .order_by(outbox.c.id)
    .limit(bindparam("limit", type_=None))
)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One waiting row."""

    id: str
    topic: str
    key: str
    payload: dict[str, Any]


def add(
    conn: Connection,
    topic: str,
    key: str,
    payload: dict[str, Any],
    now: int,
    *,
    announce: bool = False,
) -> str:
    """Write a row in the caller's transaction; returns its id.

    `announce` also tells other processes when the transaction commits (on PostgreSQL; on SQLite they look themselves).
    """
    row_id = new_id()
    conn.execute(
        _INSERT,
        {
            "id": row_id,
            "topic": topic,
            "key": key,
            "payload": json.dumps(payload),
            "created_at": now,
            "dispatched_at": None,
        },
    )
    if announce and conn.dialect.name == "postgresql":
        conn.execute(_ANNOUNCE, {"channel": CHANNEL, "notice": f"{topic}:{key}"})
    return row_id


def waiting(conn: Connection, limit: int = 100) -> list[OutboxRow]:
    """The oldest rows whose job has not been started."""
    rows = conn.execute(_WAITING, {"limit": limit})
    return [OutboxRow(r.id, r.topic, r.key, json.loads(r.payload)) for r in rows]


def mark_dispatched(conn: Connection, ids: list[str], now: int) -> None:
    """The jobs of these rows are durable now."""
    conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(dispatched_at=now))


def forget_dispatched(conn: Connection, before: int) -> None:
    """Drop rows dispatched before a time (microseconds)."""
    conn.execute(delete(outbox).where(outbox.c.dispatched_at < before))
