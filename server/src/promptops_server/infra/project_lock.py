"""The project lock: every write or decision in a project takes it first, so that nothing slips in between.

On PostgreSQL it is the project's row; on SQLite the one write transaction already excludes every other writer.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from promptops_server.infra.set_back import refuse, refuse_if_set_back

_LOCK_ROW = text(
    "SELECT installation.set_back FROM project LEFT JOIN installation ON true"
    " WHERE project.id = :id FOR UPDATE OF project"
)


def hold_project(conn: Connection, project_id: str) -> None:
    """Hold the project for what is no change of it, and so goes on in a database that was set back.

    That is vouching for what is live, and keeping in the audit log what was refused or read.
    """
    if conn.dialect.name != "sqlite":
        conn.execute(_LOCK_ROW, {"id": project_id})


def lock_project(conn: Connection, project_id: str) -> None:
    """Hold the project until the end of the transaction. Take it before reading what you decide upon.

    Raises:
        SetBack: the database is older than what it once said, and an operator has to decide.
    """
    if conn.dialect.name == "sqlite":
        refuse_if_set_back(conn)
    else:
        refuse(conn.execute(_LOCK_ROW, {"id": project_id}).scalar())
