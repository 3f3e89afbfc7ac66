"""The rows of `mirror` and `mirror_ref`. Owns SQL only; every function takes the caller's connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from promptops_server.registry.mirror import credentials
from promptops_server.registry.mirror.model import (
    BRANCHES,
    ENVIRONMENTS,
    MAIN,
    TAGS,
    HeldRef,
    Mirror,
    Problem,
)
from promptops_server.registry.mirror.tables import mirror, mirror_ref
from promptops_server.registry.tables import git_ref

NAME = "mirror"
"""The one mirror a project has today."""

_PUBLIC = [column for column in mirror.c if column is not mirror.c.secret_sealed]
_OF_PROJECT = select(*_PUBLIC).where(
    mirror.c.project_id == bindparam("project"), mirror.c.name == NAME
)
_ALL_OF_PROJECT = (
    select(*_PUBLIC).where(mirror.c.project_id == bindparam("project")).order_by(mirror.c.name)
)
_SECRET = select(mirror.c.secret_sealed).where(mirror.c.id == bindparam("mirror"))
_PUSHED = select(mirror_ref.c.name, mirror_ref.c.oid).where(
    mirror_ref.c.mirror_id == bindparam("mirror")
)
_DUE = (
    select(mirror.c.id, mirror.c.project_id)
    .where(
        mirror.c.next_attempt_at <= bindparam("now"),
        mirror.c.enabled,
        or_(mirror.c.lease_until.is_(None), mirror.c.lease_until <= bindparam("now")),
    )
    .order_by(mirror.c.next_attempt_at)
    .limit(100)
)


def mirror_of(conn: Connection, project_id: str) -> Mirror | None:
    """The project's mirror."""
    row = conn.execute(_OF_PROJECT, {"project": project_id}).first()
    return None if row is None else _value(row)


def mirrors_of(conn: Connection, project_id: str) -> list[Mirror]:
    """Every mirror of the project."""
    return [_value(row) for row in conn.execute(_ALL_OF_PROJECT, {"project": project_id})]


def sealed_secret(conn: Connection, mirror_id: str) -> bytes | None:
    """The sealed credentials."""
    found = conn.execute(_SECRET, {"mirror": mirror_id}).scalar()
    return None if found is None else bytes(found)


def add(conn: Connection, values: Mapping[str, Any]) -> None:
    """Insert a mirror."""
    conn.execute(insert(mirror), [{"name": NAME, **_columns(values)}])


def change(conn: Connection, mirror_id: str, values: Mapping[str, Any], *, lease: str = "") -> bool:
    """Set fields of a mirror by their names in `Mirror`; with a `lease` only while that run holds it."""
    wanted = mirror.c.id == mirror_id
    if lease:
        wanted = and_(wanted, mirror.c.lease == lease)
    return conn.execute(update(mirror).where(wanted).values(**_columns(values))).rowcount == 1


def remove(conn: Connection, mirror_id: str) -> None:
    """Forget a mirror, its credentials and what it holds."""
    conn.execute(delete(mirror_ref).where(mirror_ref.c.mirror_id == mirror_id))
    conn.execute(delete(mirror).where(mirror.c.id == mirror_id))


def pushed_refs(conn: Connection, mirror_id: str) -> dict[str, str]:
    """What the mirror was last known to hold from here."""
    return {row.name: row.oid for row in conn.execute(_PUSHED, {"mirror": mirror_id})}


def pushed_page(
    conn: Connection, mirror_id: str, *, after: str, limit: int
) -> list[tuple[str, str, int]]:
    """Name, object id and time of pushed refs, by name."""
    rows = conn.execute(
        select(mirror_ref.c.name, mirror_ref.c.oid, mirror_ref.c.pushed_at)
        .where(mirror_ref.c.mirror_id == mirror_id, mirror_ref.c.name > after)
        .order_by(mirror_ref.c.name)
        .limit(limit)
    )
    return [(row.name, row.oid, row.pushed_at) for row in rows]


def count_pushed(conn: Connection, mirror_id: str) -> int:
    """How many refs the mirror holds from here."""
    found = conn.execute(
        select(func.count()).select_from(mirror_ref).where(mirror_ref.c.mirror_id == mirror_id)
    ).scalar()
    return int(found or 0)


def pushed_main(conn: Connection, mirror_id: str) -> str | None:
    """The commit of `main` the mirror holds."""
    found = conn.execute(
        select(mirror_ref.c.oid).where(
            mirror_ref.c.mirror_id == mirror_id, mirror_ref.c.name == MAIN
        )
    ).scalar()
    return None if found is None else str(found)


def forget_pushed(conn: Connection, mirror_id: str) -> None:
    """Nothing is known about the mirror: its address changed."""
    conn.execute(delete(mirror_ref).where(mirror_ref.c.mirror_id == mirror_id))


def note_pushed(
    conn: Connection, mirror_id: str, held: Mapping[str, str], gone: Iterable[str], now: int
) -> None:
    """The mirror holds these refs now, and those no longer."""
    known = pushed_refs(conn, mirror_id)
    stale = [n for n in (*gone, *(n for n in held if known.get(n) != held[n])) if n in known]
    for start in range(0, len(stale), 500):
        conn.execute(
            delete(mirror_ref).where(
                mirror_ref.c.mirror_id == mirror_id,
                mirror_ref.c.name.in_(stale[start : start + 500]),
            )
        )
    fresh = [
        {"mirror_id": mirror_id, "name": name, "oid": oid, "pushed_at": now}
        for name, oid in held.items()
        if known.get(name) != oid
    ]
    if fresh:
        conn.execute(insert(mirror_ref), fresh)


def is_behind(conn: Connection, found: Mirror) -> bool:
    """Whether a ref that goes out differs from what the mirror was last known to hold."""
    same = and_(mirror_ref.c.mirror_id == found.id, mirror_ref.c.name == git_ref.c.name)
    ahead = (
        select(git_ref.c.name)
        .select_from(git_ref.outerjoin(mirror_ref, same))
        .where(
            git_ref.c.project_id == found.project_id,
            _going(git_ref.c.name, found.all_branches),
            or_(mirror_ref.c.oid.is_(None), mirror_ref.c.oid != git_ref.c.oid),
        )
        .limit(1)
    )
    if conn.execute(ahead).first() is not None:
        return True
    here = and_(git_ref.c.project_id == found.project_id, git_ref.c.name == mirror_ref.c.name)
    deleted = (
        select(mirror_ref.c.name)
        .select_from(mirror_ref.outerjoin(git_ref, here))
        .where(mirror_ref.c.mirror_id == found.id, git_ref.c.name.is_(None))
        .limit(1)
    )
    return conn.execute(deleted).first() is not None


def due(conn: Connection, now: int) -> list[tuple[str, str]]:
    """Mirrors whose next attempt is due: row id and project's row id."""
    return [(row.id, row.project_id) for row in conn.execute(_DUE, {"now": now})]


def count_by_state(conn: Connection) -> dict[str, int]:
    """How many enabled mirrors are in each stored state."""
    rows = conn.execute(
        select(mirror.c.state, func.count()).where(mirror.c.enabled).group_by(mirror.c.state)
    )
    return {row[0]: row[1] for row in rows}


def _going(name: ColumnElement[str], all_branches: bool) -> ColumnElement[bool]:
    """`model.goes_out` in SQL."""

    def begins(prefix: str) -> ColumnElement[bool]:
        # LIKE ignores case on SQLite, and a range depends on PostgreSQL's collation.
        return func.substr(name, 1, len(prefix)) == prefix

    if all_branches:
        return or_(begins(BRANCHES), begins(TAGS))
    return or_(name == MAIN, begins(ENVIRONMENTS), begins(TAGS))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a `Mirror` as columns."""
    out: dict[str, Any] = {}
    for field, value in values.items():
        match field:
            case "credentials":
                out[field] = credentials.to_json(value)
            case "problem":
                out[field] = None if value is None else json.dumps(asdict(value))
            case "held":
                out["refs"] = json.dumps([asdict(ref) for ref in value])
            case "overwrite":
                out[field] = json.dumps(value)
            case _:
                out[field] = value
    return out


def _value(row: Row[*tuple[Any, ...]]) -> Mirror:
    return Mirror(
        id=row.id,
        project_id=row.project_id,
        url=row.url,
        all_branches=bool(row.all_branches),
        enabled=bool(row.enabled),
        revision=row.revision,
        credentials=credentials.from_json(row.credentials),
        state=row.state,
        problem=None if row.problem is None else Problem(**json.loads(row.problem)),
        held=tuple(HeldRef(**ref) for ref in json.loads(row.refs)),
        overwrite=json.loads(row.overwrite),
        attempts=row.attempts,
        requested_at=row.requested_at,
        next_attempt_at=row.next_attempt_at,
        attempted_at=row.attempted_at,
        pushed_at=row.pushed_at,
        lease=row.lease,
        lease_until=row.lease_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
