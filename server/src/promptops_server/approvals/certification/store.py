"""Due dates as rows. The caller holds the project lock where it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, tuple_, update

from promptops_server.approvals.certification.model import (
    DAY_US,
    PRODUCT,
    Cadence,
    Decision,
    Due,
    Wanted,
)
from promptops_server.approvals.certification.tables import (
    certification_decision,
    certification_due,
)
from promptops_server.approvals.continuity import CHUNK
from promptops_server.infra import cursor
from promptops_server.infra.problems import NotFound

_COLUMNS = certification_due.c
_ROWS = select(*(_COLUMNS[name] for name in Due.__dataclass_fields__))
_OPEN = _COLUMNS.ended_at.is_(None)
_DECISIONS = select(
    *(certification_decision.c[name] for name in Decision.__dataclass_fields__)
).order_by(certification_decision.c.position)


def chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """The values in runs that fit an IN list."""
    for at in range(0, len(values), CHUNK):
        yield list(values[at : at + CHUNK])


def end(
    conn: Connection, environment_id: str, paths: Sequence[str], outcome: str, now: int
) -> None:
    """Close the open rows of these addresses."""
    for some in chunks(paths):
        conn.execute(
            update(certification_due)
            .where(_COLUMNS.environment_id == environment_id, _COLUMNS.path.in_(some), _OPEN)
            .values(ended_at=now, outcome=outcome)
        )


def add(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write open rows; those before them at the same address are closed already."""
    if rows:
        conn.execute(insert(certification_due), list(rows))


def open_at(conn: Connection, project_id: str, path: str) -> list[Due]:
    """The open rows of one prompt, one per environment."""
    rows = conn.execute(
        _ROWS.where(_COLUMNS.project_id == project_id, _COLUMNS.path == path, _OPEN)
    )
    return [Due(*row) for row in rows]


def get(conn: Connection, project_id: str, due_id: str) -> Due:
    """One open row.

    Raises:
        NotFound: there is none.
    """
    row = None
    if len(due_id) == 36 and due_id.isascii():
        row = conn.execute(
            _ROWS.where(_COLUMNS.project_id == project_id, _COLUMNS.id == due_id, _OPEN)
        ).first()
    if row is None:
        raise NotFound(
            "There is no such review here, or it is done.",
            remedy="`promptops review due` shows what is due.",
            slug="unknown-certification",
        )
    return Due(*row)


def standing(
    conn: Connection, environment_id: str, paths: Sequence[str]
) -> dict[tuple[str, str, str], int]:
    """By path and both digests the latest approval or certification of content that was live here before."""
    found: dict[tuple[str, str, str], int] = {}
    for some in chunks(paths):
        rows = conn.execute(
            select(
                _COLUMNS.path,
                _COLUMNS.behaviour,
                _COLUMNS.record,
                func.max(_COLUMNS.approved_at),
            )
            .where(
                _COLUMNS.environment_id == environment_id,
                _COLUMNS.path.in_(some),
                _COLUMNS.approved_at.is_not(None),
            )
            .group_by(_COLUMNS.path, _COLUMNS.behaviour, _COLUMNS.record)
        )
        found.update(((path, behaviour, record), at) for path, behaviour, record, at in rows)
    return found


def decisions(conn: Connection, due_id: str) -> list[Decision]:
    """The decisions anew of one row, in order."""
    rows = conn.execute(_DECISIONS.where(certification_decision.c.due_id == due_id))
    return [Decision(*row) for row in rows]


def add_decision(conn: Connection, due: Due, **values: Any) -> None:
    """Write the next decision of a row."""
    position = conn.execute(
        select(func.count()).where(certification_decision.c.due_id == due.id)
    ).scalar_one()
    conn.execute(
        insert(certification_decision).values(
            due_id=due.id, position=position, project_id=due.project_id, **values
        )
    )


def change(conn: Connection, due_ids: Sequence[str], **values: Any) -> None:
    """Note something on rows."""
    for some in chunks(due_ids):
        conn.execute(update(certification_due).where(_COLUMNS.id.in_(some)).values(**values))


def page(
    conn: Connection,
    project_id: str,
    *,
    wanted: Wanted | None,
    now: int,
    cadence: Cadence = PRODUCT,
    limit: int,
    after: str | None,
) -> cursor.Page[Due]:
    """What is due in a project, the earliest first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = _ROWS.where(_COLUMNS.project_id == project_id, _OPEN)
    if wanted == "overdue":
        query = query.where(_COLUMNS.due_at <= now)
    elif wanted == "warned":
        query = query.where(_COLUMNS.due_at <= now + cadence.warn_days * DAY_US)
    elif wanted == "suspension":
        query = query.where(_COLUMNS.suspension == "asked")
    if after:
        at, last = cursor.decode(after, int, str)
        query = query.where(tuple_(_COLUMNS.due_at, _COLUMNS.id) > tuple_(at, last))
    rows = conn.execute(query.order_by(_COLUMNS.due_at, _COLUMNS.id).limit(limit + 1)).all()
    found = cursor.page(rows, limit, lambda row: (int(row.due_at), str(row.id)))
    return cursor.Page([Due(*row) for row in found.items], found.next)


def to_notice(conn: Connection, now: int, warn_us: int, limit: int) -> list[Due]:
    """Open rows whose warning or due date has come and was not noticed yet, in any project."""
    query = _ROWS.where(_OPEN, _unnoticed(now, warn_us)).order_by(_COLUMNS.due_at).limit(limit)
    return [Due(*row) for row in conn.execute(query)]


def still_to_notice(conn: Connection, due_ids: Sequence[str], now: int, warn_us: int) -> list[Due]:
    """Those of these rows that are still open and not noticed."""
    query = _ROWS.where(_OPEN, _unnoticed(now, warn_us), _COLUMNS.id.in_(due_ids))
    return [Due(*row) for row in conn.execute(query.order_by(_COLUMNS.due_at))]


def _unnoticed(now: int, warn_us: int) -> ColumnElement[bool]:
    return or_(
        and_(_COLUMNS.warned_at.is_(None), _COLUMNS.due_at <= now + warn_us),
        and_(_COLUMNS.overdue_at.is_(None), _COLUMNS.due_at <= now),
    )
