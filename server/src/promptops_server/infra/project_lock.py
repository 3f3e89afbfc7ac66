"""The project lock: every write or decision in a project takes it first, so that nothing slips in between.

On PostgreSQL it is the project's row; on SQLite the one write transaction already excludes every other writer.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_LOCK_ROW = text("SELECT id FROM project WHERE id = :id FOR UPDATE")


def lock_project(conn: Connection, project_id: str) -> None:
    """Hold the project until the end of the transaction. Take it before reading what you decide upon."""
    if conn.dialect.name != "sqlite":
        conn.execute(_LOCK_ROW, {"id": project_id})
