"""Tells the workflow's newest request for some content that its decisions were confirmed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Integer, String, column, func, select, table, update

# Its columns alone: the table is the workflow's.
_REQUEST = table(
    "review_request",
    column("project_id", String),
    column("path", String),
    column("behaviour", String),
    column("record", String),
    column("number", Integer),
    column("renewed_at", BigInteger),
)


def renew_request(
    conn: Connection, project_id: str, path: str, behaviour: str, record: str, now: int
) -> None:
    """Note the time on the newest request for exactly this content and documentation; answers the port `Renewed`."""
    same = (
        _REQUEST.c.project_id == project_id,
        _REQUEST.c.path == path,
        _REQUEST.c.behaviour == behaviour,
        _REQUEST.c.record == record,
    )
    newest = select(func.max(_REQUEST.c.number)).where(*same).scalar_subquery()
    conn.execute(update(_REQUEST).where(*same, _REQUEST.c.number == newest).values(renewed_at=now))
