"""The two statements an event costs, written by the driver itself: an event must not add much to a commit.

Owns how the rows reach the database. What they say is the model's, when they are written `record`'s.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from promptops_server.audit.personal import PersonalRow
from promptops_server.audit.tables import audit_event

_COLUMNS = tuple(column.name for column in audit_event.columns)
_BESIDE = ("log_id", "seq", "subject", "salt", "data")
_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

_LAST = "SELECT seq, entry_hash FROM audit_event WHERE log_id = {} ORDER BY seq DESC LIMIT 1"
_LAST_SQLITE, _LAST_POSTGRES = _LAST.format("?"), _LAST.format("%s")
_EVENT_SQLITE = (
    f"INSERT INTO audit_event ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
)
_BESIDE_SQLITE = f"INSERT INTO audit_personal ({', '.join(_BESIDE)}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608
_BOTH_POSTGRES = (
    f"WITH event AS (INSERT INTO audit_event ({', '.join(_COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))})) "
    f"INSERT INTO audit_personal ({', '.join(_BESIDE)}) "
    "SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[])"
)


def last_entry(conn: Connection, log_id: str) -> tuple[int, str] | None:
    """Sequence number and hash of a log's newest entry; None for an empty log."""
    query = _LAST_SQLITE if conn.dialect.name == "sqlite" else _LAST_POSTGRES
    row = conn.exec_driver_sql(query, (log_id,)).first()
    return None if row is None else (row[0], row[1])


def append(conn: Connection, event: tuple[Any, ...], beside: Sequence[PersonalRow]) -> None:
    """Write an entry (its columns in the table's order) and what lies beside it, in the caller's transaction."""
    log_id, seq = event[0], event[1]
    data = [_ENCODE(row.values) for row in beside]
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(_EVENT_SQLITE, event)
        rows = [
            (log_id, seq, row.subject, row.salt, said)
            for row, said in zip(beside, data, strict=True)
        ]
        if rows:
            conn.exec_driver_sql(_BESIDE_SQLITE, rows)
        return
    # One statement: on PostgreSQL a round trip costs more than the rows.
    subjects, salts = [row.subject for row in beside], [row.salt for row in beside]
    conn.exec_driver_sql(_BOTH_POSTGRES, (*event, log_id, seq, subjects, salts, data))
