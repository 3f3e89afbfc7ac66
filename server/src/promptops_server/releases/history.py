"""The releases of an environment: one by number, and pages of them, newest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Select, bindparam, select

from promptops_server.infra import cursor
from promptops_server.infra.problems import NotFound
from promptops_server.releases.model import Changed, Environment, Release, Seal
from promptops_server.releases.rows import AnyRow
from promptops_server.releases.tables import release, release_change

_LARGEST = 2**31 - 1
"""No release has a larger number: the databases' integer ends here."""
PROMPTS_IN_LIST = 100
"""Changed prompts shown per release in a list; one release alone shows all."""

_COLUMNS = (
    release.c.id,
    release.c.number,
    release.c.kind,
    release.c.epoch,
    release.c.commit_oid,
    release.c.acknowledged_at,
    release.c.actor_name,
    release.c.reason,
    release.c.ticket,
    release.c.changed,
)
_ONE: Select[*tuple[object, ...]] = select(*_COLUMNS).where(
    release.c.environment_id == bindparam("environment_id"),
    release.c.number == bindparam("number"),
    release.c.number > 0,
)
_SEAL: Select[*tuple[object, ...]] = select(
    release.c.key_id, release.c.signature, release.c.statement_hash
).where(
    release.c.environment_id == bindparam("environment_id"), release.c.number == bindparam("number")
)
_CHANGES_OF: Select[*tuple[object, ...]] = select(
    release_change.c.release_id,
    release_change.c.path,
    release_change.c.state,
    release_change.c.version,
    release_change.c.previous,
).order_by(release_change.c.release_id, release_change.c.path)
_CHANGES = _CHANGES_OF.where(release_change.c.release_id == bindparam("release_id"))


def one_release(conn: Connection, environment: Environment, number: int) -> Release:
    """The release of this number with all it changed.

    Raises:
        NotFound: there is none; the refusal says which there are.
    """
    row = conn.execute(_ONE, {"environment_id": environment.id, "number": number}).first()
    if row is None:
        raise no_such_release(environment, number)
    changes = conn.execute(_CHANGES, {"release_id": row.id})
    return _value(environment, row, [_changed(change) for change in changes])


def sealed_release(conn: Connection, environment: Environment, number: int) -> Release:
    """The release of this number with all it changed and what vouches for it. Raises NotFound as `one_release`."""
    found = one_release(conn, environment, number)
    row = conn.execute(_SEAL, {"environment_id": environment.id, "number": number}).one()
    return replace(found, seal=Seal(row.key_id, row.signature, row.statement_hash))


def no_such_release(environment: Environment, number: int) -> NotFound:
    """The refusal of a number that no release has."""
    return NotFound(
        f"Environment {environment.name} has no release {number}.",
        remedy=f"Its releases are 1 to {environment.head}."
        if environment.head
        else "Nothing has been released there yet.",
        slug="unknown-release",
    )


def list_releases(
    conn: Connection,
    environment: Environment,
    *,
    limit: int = cursor.DEFAULT_LIMIT,
    after: str | None = None,
) -> cursor.Page[Release]:
    """A page of releases, newest first; of a large release only its first hundred prompts.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = select(*_COLUMNS).where(
        release.c.environment_id == environment.id, release.c.number > 0
    )
    if after:
        query = query.where(release.c.number < min(cursor.decode(after, int)[0], _LARGEST))
    rows = conn.execute(query.order_by(release.c.number.desc()).limit(limit + 1)).all()
    page = cursor.page(rows, limit, lambda row: (int(row.number),))
    changes = _first_changes(conn, page.items)
    return cursor.Page([_value(environment, row, changes[row.id]) for row in page.items], page.next)


def release_at(conn: Connection, environment: Environment, moment: int) -> int:
    """The number of the release that was the newest at a time (microseconds); 0 while nothing was live.

    Raises:
        NotFound: the environment did not exist yet.
    """
    number = conn.execute(
        select(release.c.number)
        .where(release.c.environment_id == environment.id, release.c.acknowledged_at <= moment)
        .order_by(release.c.acknowledged_at.desc())
        .limit(1)
    ).scalar()
    if number is None:
        raise NotFound(
            f"Environment {environment.name} did not exist at that time.", slug="before-environment"
        )
    return int(number)


def acknowledged_at(conn: Connection, environment: Environment, number: int) -> int:
    """When a release was acknowledged; release 0 is the environment's creation."""
    moment = conn.execute(
        select(release.c.acknowledged_at).where(
            release.c.environment_id == environment.id, release.c.number == number
        )
    ).scalar()
    if moment is None:
        raise no_such_release(environment, number)
    return int(moment)


def _first_changes(conn: Connection, rows: Sequence[AnyRow]) -> dict[int, list[Changed]]:
    """The first changes of each release: small releases in one query, each large one in its own."""
    found: dict[int, list[Changed]] = defaultdict(list)
    small = [row.id for row in rows if row.changed <= PROMPTS_IN_LIST]
    queries = [_CHANGES_OF.where(release_change.c.release_id.in_(small))] if small else []
    queries += [
        _CHANGES_OF.where(release_change.c.release_id == row.id).limit(PROMPTS_IN_LIST)
        for row in rows
        if row.changed > PROMPTS_IN_LIST
    ]
    for query in queries:
        for change in conn.execute(query):
            found[change.release_id].append(_changed(change))
    return found


def _changed(row: AnyRow) -> Changed:
    return Changed(row.path, row.state, row.version, row.previous)


def _value(environment: Environment, row: AnyRow, changes: Sequence[Changed]) -> Release:
    return Release(
        number=row.number,
        environment=environment.name,
        kind=row.kind,
        epoch=row.epoch,
        commit=row.commit_oid,
        acknowledged_at=row.acknowledged_at,
        actor=row.actor_name,
        reason=row.reason,
        ticket=row.ticket,
        prompts=tuple(changes),
        changed=row.changed,
    )
