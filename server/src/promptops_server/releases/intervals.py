"""What stood at an address, release by release: the rows of `live` as values, and the rules over them.

Owns which content was suspended and may not simply return, and what an earlier release held. Rules are pure; the
queries around them read only the addresses asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select

from promptops_server.releases.model import Content, State
from promptops_server.releases.rows import AnyRow, chunks
from promptops_server.releases.tables import live

_EVER_SUSPENDED = (
    select(live.c.path)
    .where(live.c.environment_id == bindparam("environment_id"), live.c.state == "suspended")
    .distinct()
)
_SUSPENDED = _EVER_SUSPENDED.where(live.c.path.in_(bindparam("paths", expanding=True)))
_SUSPENDED_ONE = _EVER_SUSPENDED.where(live.c.path == bindparam("path"))


@dataclass(frozen=True, slots=True)
class Interval:
    """One entry from the release that put it there up to, not including, the one that ended it (None: in force)."""

    path: str
    state: State
    version: int
    content: Content | None
    reason: str
    from_release: int
    to_release: int | None


def stopped_versions(history: Iterable[Interval]) -> set[int]:
    """The versions whose last word in this environment is a suspension.

    `history` is one address's intervals, in order. A version published again after its suspension is not among them.
    """
    last: dict[int, State] = {}
    for interval in history:
        last[interval.version] = interval.state
    return {version for version, state in last.items() if state == "suspended"}


def histories(
    conn: Connection, environment_id: str, paths: Sequence[str]
) -> dict[str, list[Interval]]:
    """Every interval of these addresses, oldest first; addresses never live here are missing."""
    found: dict[str, list[Interval]] = defaultdict(list)
    for some in chunks(paths):
        query = (
            _intervals(environment_id)
            .where(live.c.path.in_(some))
            .order_by(live.c.path, live.c.from_release)
        )
        for row in conn.execute(query):
            found[row.path].append(_value(row))
    return dict(found)


def suspended_versions(
    conn: Connection, environment_id: str, paths: Sequence[str]
) -> dict[str, set[int]]:
    """`stopped_versions` of each address that has any. Reads whole histories only where a suspension is found."""
    touched: list[str] = []
    if len(paths) == 1:
        one = {"environment_id": environment_id, "path": paths[0]}
        touched.extend(conn.execute(_SUSPENDED_ONE, one).scalars())
    else:
        for some in chunks(paths):
            given = {"environment_id": environment_id, "paths": some}
            touched.extend(conn.execute(_SUSPENDED, given).scalars())
    found = histories(conn, environment_id, touched) if touched else {}
    return {path: stopped for path in found if (stopped := stopped_versions(found[path]))}


def suspended_after(
    conn: Connection, environment_id: str, paths: Sequence[str], head: int
) -> dict[str, int]:
    """The newest release after `head` that suspended each of these addresses; those without one are missing."""
    found: dict[str, int] = {}
    for some in chunks(paths):
        rows = conn.execute(
            select(live.c.path, func.max(live.c.from_release))
            .where(
                live.c.environment_id == environment_id,
                live.c.state == "suspended",
                live.c.from_release > head,
                live.c.path.in_(some),
            )
            .group_by(live.c.path)
        )
        found.update((path, int(number)) for path, number in rows)
    return found


def differences(
    conn: Connection, environment_id: str, release: int
) -> dict[str, tuple[Interval | None, Interval | None]]:
    """Per address whose entry is not the one of that release: what stood there then, and what stands there now."""
    then: dict[str, Interval] = {}
    now: dict[str, Interval] = {}
    query = _intervals(environment_id).where(
        or_(
            and_(live.c.from_release <= release, live.c.to_release > release),
            and_(live.c.from_release > release, live.c.to_release.is_(None)),
        )
    )
    for row in conn.execute(query):
        interval = _value(row)
        (now if interval.to_release is None else then)[interval.path] = interval
    return {path: (then.get(path), now.get(path)) for path in sorted({*then, *now})}


def contents_by_version(history: Iterable[Interval]) -> Mapping[int, Content]:
    """The content of every version that was live, as it was the last time."""
    return {i.version: i.content for i in history if i.content is not None}


def _intervals(environment_id: str) -> Select[*tuple[object, ...]]:
    return select(
        live.c.path,
        live.c.state,
        live.c.version,
        live.c.digest,
        live.c.extension,
        live.c.blob_oid,
        live.c.reason,
        live.c.from_release,
        live.c.to_release,
    ).where(live.c.environment_id == environment_id)


def _value(row: AnyRow) -> Interval:
    content = (
        Content(row.version, row.digest, row.extension, row.blob_oid)
        if row.state == "live"
        else None
    )
    return Interval(
        row.path, row.state, row.version, content, row.reason, row.from_release, row.to_release
    )
