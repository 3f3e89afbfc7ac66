"""Exceptions as rows. The caller holds the project lock where it writes."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select, update

from promptops_server.approvals.exceptions.model import RuleException, State
from promptops_server.approvals.exceptions.tables import rule_exception
from promptops_server.infra import cursor
from promptops_server.infra.problems import NotFound

_NAME = re.compile(r"[Ee]([1-9][0-9]{0,8})")
_FIELDS = tuple(RuleException.__dataclass_fields__)
_ROWS = select(*(rule_exception.c[name] for name in _FIELDS))


def add(conn: Connection, **values: Any) -> RuleException:
    """Write a new one under the project's next number."""
    newest = conn.execute(
        select(func.max(rule_exception.c.number)).where(
            rule_exception.c.project_id == values["project_id"]
        )
    ).scalar()
    number = (newest or 0) + 1
    conn.execute(insert(rule_exception).values(number=number, **values))
    return get(conn, values["project_id"], f"E{number}")


def get(conn: Connection, project_id: str, name: str) -> RuleException:
    """The exception called `E3`.

    Raises:
        NotFound: there is none.
    """
    match = _NAME.fullmatch(name)
    row = None
    if match is not None:
        row = conn.execute(
            _ROWS.where(
                rule_exception.c.project_id == project_id,
                rule_exception.c.number == int(match[1]),
            )
        ).first()
    if row is None:
        raise NotFound(
            f"There is no exception {name[:20]!r} in this project.",
            remedy="`promptops exception list` shows them.",
            slug="unknown-exception",
        )
    return RuleException(*row)


def complete(conn: Connection, found: RuleException, **values: Any) -> RuleException:
    """Write down that it was accepted or revoked."""
    conn.execute(update(rule_exception).where(rule_exception.c.id == found.id).values(**values))
    return get(conn, found.project_id, found.name)


def accepted(conn: Connection, project_id: str, environment: str | None) -> list[RuleException]:
    """All that were accepted and not revoked, expired ones included, and that hold in this environment."""
    query = _accepted(project_id).where(
        or_(
            rule_exception.c.environment.is_(None),
            rule_exception.c.environment == environment,
        ),
    )
    return [RuleException(*row) for row in conn.execute(query.order_by(rule_exception.c.number))]


def accepted_anywhere(conn: Connection, project_id: str) -> list[RuleException]:
    """The same whichever environment they hold in."""
    return [RuleException(*row) for row in conn.execute(_accepted(project_id))]


def _accepted(project_id: str) -> Select[*tuple[Any, ...]]:
    return _ROWS.where(
        rule_exception.c.project_id == project_id,
        rule_exception.c.accepted_at.is_not(None),
        rule_exception.c.revoked_at.is_(None),
    )


def page(
    conn: Connection,
    project_id: str,
    *,
    state: State | None,
    now: int,
    limit: int,
    after: str | None,
) -> cursor.Page[RuleException]:
    """Exceptions of a project, the newest first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    columns = rule_exception.c
    query = _ROWS.where(columns.project_id == project_id)
    if state == "revoked":
        query = query.where(columns.revoked_at.is_not(None))
    elif state is not None:
        query = query.where(columns.revoked_at.is_(None))
        if state == "expired":
            query = query.where(columns.expires_at <= now)
        else:
            asked = state == "requested"
            query = query.where(
                columns.expires_at > now,
                columns.accepted_at.is_(None) if asked else columns.accepted_at.is_not(None),
            )
    if after:
        query = query.where(columns.number < cursor.decode(after, int)[0])
    rows = conn.execute(query.order_by(columns.number.desc()).limit(limit + 1)).all()
    found = cursor.page(rows, limit, lambda row: (int(row.number),))
    return cursor.Page([RuleException(*row) for row in found.items], found.next)
