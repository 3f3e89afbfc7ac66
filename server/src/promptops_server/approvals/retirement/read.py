"""What the gate, states and lists ask of retirement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from promptops_server.approvals.continuity import CHUNK
from promptops_server.approvals.retirement.tables import prompt_retirement
from promptops_server.infra import cursor


@dataclass(frozen=True, slots=True)
class Retirement:
    """A prompt whose use has ended. `retired_at` in microseconds since 1970."""

    path: str
    reason: str
    retired_at: int
    retired_name: str


_COLUMNS = prompt_retirement.c
_ROWS = select(_COLUMNS.path, _COLUMNS.reason, _COLUMNS.retired_at, _COLUMNS.retired_name).where(
    _COLUMNS.undone_at.is_(None)
)


def retired_reasons(conn: Connection, project_id: str, paths: Sequence[str]) -> dict[str, str]:
    """Why each of these prompts was retired; those in use are missing."""
    found: dict[str, str] = {}
    for at in range(0, len(paths), CHUNK):
        some = list(paths[at : at + CHUNK])
        rows = conn.execute(_ROWS.where(_COLUMNS.project_id == project_id, _COLUMNS.path.in_(some)))
        found.update((row.path, row.reason) for row in rows)
    return found


def page(
    conn: Connection, project_id: str, *, limit: int, after: str | None
) -> cursor.Page[Retirement]:
    """Retired prompts of a project, by path.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = _ROWS.where(_COLUMNS.project_id == project_id)
    if after:
        query = query.where(_COLUMNS.path > cursor.decode(after, str)[0])
    rows = conn.execute(query.order_by(_COLUMNS.path).limit(limit + 1)).all()
    found = cursor.page(rows, limit, lambda row: (str(row.path),))
    return cursor.Page([Retirement(*row) for row in found.items], found.next)
