"""The rows of `redaction`. Owns SQL only; every function takes the caller's connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from promptops_server.infra.clock import now_us
from promptops_server.infra.cursor import Page, decode, page
from promptops_server.infra.problems import NotFound
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.model import Redaction
from promptops_server.registry.redaction.tables import redaction

_SHOWN = [column for column in redaction.c if column is not redaction.c.texts_sealed]


def add(conn: Connection, values: Mapping[str, Any]) -> None:
    """Insert a request."""
    conn.execute(insert(redaction), [dict(values)])


def change(conn: Connection, redaction_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a request."""
    conn.execute(update(redaction).where(redaction.c.id == redaction_id).values(**values))


def get(conn: Connection, project: Project, redaction_id: str) -> Redaction:
    """A request of the project. Raises NotFound."""
    row = conn.execute(
        select(*_SHOWN).where(
            redaction.c.project_id == project.id, redaction.c.id == redaction_id[:36]
        )
    ).first()
    if row is None:
        raise NotFound(
            f"There is no redaction {redaction_id[:60]!r} in {project.name}.",
            remedy=f"`promptops redact list {project.name}` shows them.",
        )
    return value(project, row, now_us())


def sealed(conn: Connection, redaction_id: str) -> bytes | None:
    """The sealed texts; None once the request has ended."""
    found = conn.execute(
        select(redaction.c.texts_sealed).where(redaction.c.id == redaction_id)
    ).scalar()
    return None if found is None else bytes(found)


def listed(
    conn: Connection, project: Project, *, limit: int, cursor: str | None
) -> Page[Redaction]:
    """A page of requests, newest first. Raises BadRequest for a cursor that is not from here."""
    query = (
        select(*_SHOWN)
        .where(redaction.c.project_id == project.id)
        .order_by(redaction.c.requested_at.desc(), redaction.c.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        at, last = decode(cursor, int, str)
        query = query.where(
            or_(
                redaction.c.requested_at < at,
                and_(redaction.c.requested_at == at, redaction.c.id < last),
            )
        )
    now = now_us()
    rows = [value(project, row, now) for row in conn.execute(query)]
    return page(rows, limit, lambda r: (r.requested_at, r.id))


def waiting(conn: Connection, project: Project, limit: int) -> list[Redaction]:
    """Open requests of a project that have not expired, newest first."""
    now = now_us()
    rows = conn.execute(
        select(*_SHOWN)
        .where(
            redaction.c.project_id == project.id,
            redaction.c.state == "requested",
            redaction.c.expires_at > now,
        )
        .order_by(redaction.c.requested_at.desc())
        .limit(limit)
    )
    return [value(project, row, now) for row in rows]


def overdue(conn: Connection, now: int) -> list[tuple[str, str]]:
    """Open requests past their time: row id and project's row id."""
    rows = conn.execute(
        select(redaction.c.id, redaction.c.project_id)
        .where(redaction.c.state == "requested", redaction.c.expires_at <= now)
        .limit(100)
    )
    return [(row.id, row.project_id) for row in rows]


def uncleaned(conn: Connection) -> list[tuple[str, str]]:
    """Redactions that were done and not cleaned up after yet: row id and project's row id."""
    rows = conn.execute(
        select(redaction.c.id, redaction.c.project_id)
        .where(redaction.c.state == "done", redaction.c.cleaned_at.is_(None))
        .limit(100)
    )
    return [(row.id, row.project_id) for row in rows]


def value(project: Project, row: Row[*tuple[Any, ...]], now: int) -> Redaction:
    """The value of a row; an open one past its time has expired, whether that was written down or not."""
    expired = row.state == "requested" and row.expires_at <= now
    return Redaction(
        id=row.id,
        project=project.name,
        state="expired" if expired else row.state,
        path=row.path,
        version=row.version,
        marker=row.marker,
        texts=row.texts,
        fingerprint=row.fingerprint,
        reason=row.reason,
        ticket=row.ticket,
        found=json.loads(row.found),
        done=None if row.done is None else json.loads(row.done),
        requested_by=row.requested_by,
        requested_name=row.requested_name,
        requested_identity=row.requested_identity,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        ended_by=row.ended_by,
        ended_name=row.ended_name,
        ended_at=row.ended_at,
        cleaned_at=row.cleaned_at,
    )


def json_text(figures: Mapping[str, Any]) -> str:
    """Figures as a column holds them."""
    return json.dumps(figures, ensure_ascii=False, sort_keys=True)
