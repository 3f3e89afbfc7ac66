"""What the gate and lists ask of certification."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.model import PRODUCT, Cadence, Due, Wanted
from promptops_server.approvals.certification.tables import certification_due
from promptops_server.infra import cursor


def overdue_for(
    conn: Connection, project_id: str, paths: Sequence[str], now: int
) -> dict[str, int]:
    """Since when (microseconds) the periodic review of what is live at these paths is overdue.

    Paths where none is are missing. An item with 72 hours (`returned`) blocks nothing and does not count.
    """
    columns = certification_due.c
    query = (
        select(columns.path, func.min(columns.due_at))
        .where(
            columns.project_id == project_id,
            columns.ended_at.is_(None),
            columns.cause == "periodic",
            columns.due_at <= now,
        )
        .group_by(columns.path)
    )
    found: dict[str, int] = {}
    for some in store.chunks(paths):
        found.update(
            (path, int(at)) for path, at in conn.execute(query.where(columns.path.in_(some)))
        )
    return found


def dues(
    conn: Connection,
    project_id: str,
    *,
    wanted: Wanted | None = None,
    now: int,
    cadence: Cadence = PRODUCT,
    limit: int = cursor.DEFAULT_LIMIT,
    after: str | None = None,
) -> cursor.Page[Due]:
    """A page of what falls due in a project, the earliest first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    return store.page(
        conn, project_id, wanted=wanted, now=now, cadence=cadence, limit=limit, after=after
    )
