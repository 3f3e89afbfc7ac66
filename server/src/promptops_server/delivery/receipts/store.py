"""The queries over receipts. Every function takes a connection; times are microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
)

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import tables
from promptops_server.delivery.receipts.lags import Lags
from promptops_server.delivery.receipts.model import (
    FORGOTTEN_US,
    SILENT_US,
    Counts,
    Follower,
    State,
)
from promptops_server.delivery.store import CHUNK, chunks
from promptops_server.infra import cursor
from promptops_server.registry.tables import project
from promptops_server.releases.tables import environment, release

_F, _S = tables.follower.c, tables.release_spread.c
# Between processes of one installation, so that two that heard the same report count it once.
_TURN = text("SELECT pg_advisory_xact_lock(7310417883)")
_PUT = text(
    "INSERT INTO follower (environment_id, id, host, process, sdk, via, epoch, release, applied_at, lag_ms, last_seen, "
    "refused, refused_release, refused_since) "
    "VALUES (:environment_id, :id, :host, :process, :sdk, :via, :epoch, :release, :applied_at, :lag_ms, :last_seen, "
    ":refused, :refused_release, :refused_since) "
    "ON CONFLICT (environment_id, id) DO UPDATE SET host = excluded.host, process = excluded.process, "
    "sdk = excluded.sdk, via = excluded.via, epoch = excluded.epoch, release = excluded.release, "
    "applied_at = excluded.applied_at, lag_ms = excluded.lag_ms, last_seen = excluded.last_seen, "
    "refused = excluded.refused, refused_release = excluded.refused_release, refused_since = excluded.refused_since"
)
_TOUCH = text(
    "UPDATE follower SET last_seen = :last_seen "
    "WHERE environment_id = :environment_id AND id = :id AND last_seen < :last_seen"
)
_PUT_SPREAD = text(
    "INSERT INTO release_spread (environment_id, number, epoch, acknowledged_at, applied, lags, slowest_ms, updated_at) "
    "VALUES (:environment_id, :number, :epoch, :acknowledged_at, :applied, :lags, :slowest_ms, :updated_at) "
    "ON CONFLICT (environment_id, number, epoch) DO UPDATE SET applied = excluded.applied, lags = excluded.lags, "
    "slowest_ms = excluded.slowest_ms, updated_at = excluded.updated_at"
)


class Spread(NamedTuple):
    """What is kept of a release's spread."""

    number: int
    acknowledged_at: int
    lags: Lags


class Standing(NamedTuple):
    """How far a release has come: followers that hold it or a later one, those that do not yet, and silent ones."""

    applied: int
    waiting: int
    silent: int

    @property
    def total(self) -> int:
        """All that are not forgotten."""
        return self.applied + self.waiting + self.silent


def take_turn(conn: Connection) -> None:
    """Be the only one that takes receipts in until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_TURN)


def known(conn: Connection, environment_id: str, ids: Iterable[str]) -> dict[str, Follower]:
    """Of these followers, those there are."""
    found: dict[str, Follower] = {}
    for part in chunks(ids, CHUNK):
        rows = conn.execute(
            select(tables.follower).where(_F.environment_id == environment_id, _F.id.in_(part))
        )
        found.update((row.id, _follower(row)) for row in rows)
    return found


def put(conn: Connection, environment_id: str, followers: Sequence[Follower]) -> None:
    """Write these followers."""
    rows = [
        {
            "environment_id": environment_id,
            "id": each.id,
            "host": each.host,
            "process": each.process,
            "sdk": each.sdk,
            "via": each.via,
            "epoch": each.position.epoch,
            "release": each.position.release,
            "applied_at": each.applied_at,
            "lag_ms": each.lag_ms,
            "last_seen": each.last_seen,
            "refused": each.refused,
            "refused_release": each.refused_release,
            "refused_since": each.refused_since,
        }
        for each in followers
    ]
    if rows:
        conn.execute(_PUT, rows)


def touch(conn: Connection, seen: Sequence[tuple[str, str, int]]) -> None:
    """Note when these followers (environment's id, own id) were last seen."""
    rows = [
        {"environment_id": environment_id, "id": id_, "last_seen": at}
        for environment_id, id_, at in seen
    ]
    if rows:
        conn.execute(_TOUCH, rows)


def remove(conn: Connection, environment_id: str, ids: Iterable[str]) -> None:
    """Forget these followers."""
    for part in chunks(ids, CHUNK):
        conn.execute(
            delete(tables.follower).where(_F.environment_id == environment_id, _F.id.in_(part))
        )


def remove_old(conn: Connection, *, seen_before: int, spread_before: int) -> int:
    """Forget followers not seen since, and figures not changed since; returns how many followers."""
    conn.execute(delete(tables.release_spread).where(_S.updated_at < spread_before))
    return conn.execute(delete(tables.follower).where(_F.last_seen < seen_before)).rowcount


def how_many(conn: Connection, environment_id: str) -> int:
    """All followers of an environment that are kept."""
    query = select(func.count()).where(_F.environment_id == environment_id)
    return int(conn.execute(query).scalar_one())


def acknowledged(
    conn: Connection, environment_id: str, positions: Iterable[Position]
) -> dict[Position, int]:
    """When these releases were acknowledged; what never was is left out."""
    wanted = set(positions)
    found: dict[Position, int] = {}
    for part in chunks(map(str, {each.release for each in wanted}), CHUNK):
        rows = conn.execute(
            select(release.c.number, release.c.epoch, release.c.acknowledged_at).where(
                release.c.environment_id == environment_id,
                release.c.number.in_([int(number) for number in part]),
            )
        )
        for row in rows:
            position = Position(row.epoch, row.number)
            if position in wanted:
                found[position] = row.acknowledged_at
    return found


def head(conn: Connection, environment_id: str) -> Position:
    """Where the environment stands."""
    row = conn.execute(
        select(release.c.epoch, release.c.number)
        .join(environment, environment.c.id == release.c.environment_id)
        .where(environment.c.id == environment_id, release.c.number == environment.c.head)
    ).one()
    return Position(row.epoch, row.number)


def spread_of(conn: Connection, environment_id: str, position: Position) -> Lags:
    """The lags measured of one release; empty when there are none."""
    row = conn.execute(
        select(_S.lags, _S.slowest_ms).where(
            _S.environment_id == environment_id,
            _S.number == position.release,
            _S.epoch == position.epoch,
        )
    ).first()
    return Lags() if row is None else Lags.parse(row.lags, row.slowest_ms)


def put_spread(
    conn: Connection,
    environment_id: str,
    position: Position,
    acknowledged_at: int,
    lags: Lags,
    now: int,
) -> None:
    """Write what was measured of a release in all."""
    conn.execute(
        _PUT_SPREAD,
        {
            "environment_id": environment_id,
            "number": position.release,
            "epoch": position.epoch,
            "acknowledged_at": acknowledged_at,
            "applied": lags.total,
            "lags": lags.text(),
            "slowest_ms": lags.slowest_ms,
            "updated_at": now,
        },
    )


def spread_history(
    conn: Connection, environment_id: str, *, limit: int, after: str | None
) -> cursor.Page[Spread]:
    """The releases of which there are figures, newest first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    # A database that was restored has had other releases of these numbers: they are of another epoch.
    query = select(_S.number, _S.acknowledged_at, _S.lags, _S.slowest_ms).join(
        release,
        and_(
            release.c.environment_id == _S.environment_id,
            release.c.number == _S.number,
            release.c.epoch == _S.epoch,
        ),
    )
    query = query.where(_S.environment_id == environment_id)
    if after:
        query = query.where(_S.number < min(cursor.decode(after, int)[0], 2**31 - 1))
    rows = conn.execute(query.order_by(_S.number.desc()).limit(limit + 1)).all()
    page = cursor.page(rows, limit, lambda row: (int(row.number),))
    items = [
        Spread(row.number, row.acknowledged_at, Lags.parse(row.lags, row.slowest_ms))
        for row in page.items
    ]
    return cursor.Page(items, page.next)


def counts(conn: Connection, environment_id: str, at: Position, now: int) -> Counts:
    """The followers by state, judged by where the environment stands."""
    found = standing(conn, environment_id, at, now, silent_first=True)
    return Counts(found.applied, found.waiting, found.silent)


def standing(
    conn: Connection, environment_id: str, at: Position, now: int, *, silent_first: bool = False
) -> Standing:
    """How many hold `at` or later. One that applied it and then fell silent counts as applied, unless `silent_first`."""
    silent, there = _F.last_seen < now - SILENT_US, _holds(at)
    which = (
        case((silent, "silent"), (there, "applied"), else_="waiting")
        if silent_first
        else case((there, "applied"), (silent, "silent"), else_="waiting")
    )
    rows = conn.execute(
        select(which.label("which"), func.count())
        .where(_F.environment_id == environment_id, _F.last_seen >= now - FORGOTTEN_US)
        .group_by("which")
    )
    found = {which: int(n) for which, n in rows}
    return Standing(found.get("applied", 0), found.get("waiting", 0), found.get("silent", 0))


def followers(
    conn: Connection,
    environment_id: str,
    at: Position,
    now: int,
    *,
    state: State | None,
    number: int | None,
    limit: int,
    after: str | None,
) -> cursor.Page[Follower]:
    """A page of followers in the order of host, process and id; of one state, or on one release.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = _alive(environment_id, now)
    if number is not None:
        query = query.where(_F.release == number)
    if state is not None:
        query = query.where(_in_state(state, at, now))
    if after:
        place = cursor.decode(after, str, int, str)
        query = query.where(tuple_(_F.host, _F.process, _F.id) > tuple_(*place))
    rows = conn.execute(query.order_by(_F.host, _F.process, _F.id).limit(limit + 1)).all()
    page = cursor.page(rows, limit, lambda row: (str(row.host), int(row.process), str(row.id)))
    return cursor.Page([_follower(row) for row in page.items], page.next)


def stragglers(
    conn: Connection, environment_id: str, at: Position, now: int, limit: int
) -> list[Follower]:
    """Those that do not hold `at` yet: first those that still give signs, the furthest behind first."""
    query = _alive(environment_id, now).where(~_holds(at))
    ordered = query.order_by(
        case((_F.last_seen < now - SILENT_US, 1), else_=0), _F.epoch, _F.release, _F.host, _F.id
    )
    return [_follower(row) for row in conn.execute(ordered.limit(limit))]


class OnRelease(NamedTuple):
    """How many followers of an environment hold a release, and in which state they are."""

    project: str
    environment: str
    number: int
    state: State
    followers: int


def on_releases(conn: Connection, now: int) -> list[OnRelease]:
    """Every environment's followers by release and state: for metrics."""
    at = (
        select(environment.c.id, release.c.epoch, release.c.number)
        .join(
            release,
            and_(
                release.c.environment_id == environment.c.id,
                release.c.number == environment.c.head,
            ),
        )
        .subquery()
    )
    behind = or_(_F.epoch < at.c.epoch, and_(_F.epoch == at.c.epoch, _F.release < at.c.number))
    state = case(
        (_F.last_seen < now - SILENT_US, "silent"), (behind, "behind"), else_="current"
    ).label("state")
    rows = conn.execute(
        select(
            project.c.name.label("project"),
            environment.c.name.label("environment"),
            _F.release,
            state,
            func.count().label("n"),
        )
        .select_from(tables.follower)
        .join(at, at.c.id == _F.environment_id)
        .join(environment, environment.c.id == _F.environment_id)
        .join(project, project.c.id == environment.c.project_id)
        .where(_F.last_seen >= now - FORGOTTEN_US)
        .group_by(project.c.name, environment.c.name, _F.release, state)
    )
    return [OnRelease(r.project, r.environment, r.release, r.state, int(r.n)) for r in rows]


class Refusing(NamedTuple):
    """How many followers of an environment take over nothing of what they are given, by the code that says why."""

    project: str
    environment: str
    code: str
    followers: int


def refusing(conn: Connection, now: int, environment_id: str | None = None) -> list[Refusing]:
    """Followers that gave a sign lately and refuse, of every environment or of one."""
    query = (
        select(
            project.c.name,
            environment.c.name.label("environment"),
            _F.refused,
            func.count().label("n"),
        )
        .select_from(tables.follower)
        .join(environment, environment.c.id == _F.environment_id)
        .join(project, project.c.id == environment.c.project_id)
        .where(_F.refused.is_not(None), _F.last_seen >= now - SILENT_US)
        .group_by(project.c.name, environment.c.name, _F.refused)
        .order_by(project.c.name, environment.c.name, _F.refused)
    )
    if environment_id is not None:
        query = query.where(_F.environment_id == environment_id)
    return [Refusing(r.name, r.environment, r.refused, int(r.n)) for r in conn.execute(query)]


def _alive(environment_id: str, now: int) -> Select[*tuple[Any, ...]]:
    return select(tables.follower).where(
        _F.environment_id == environment_id, _F.last_seen >= now - FORGOTTEN_US
    )


def _holds(at: Position) -> ColumnElement[bool]:
    return or_(_F.epoch > at.epoch, and_(_F.epoch == at.epoch, _F.release >= at.release))


def _in_state(state: State, at: Position, now: int) -> ColumnElement[bool]:
    silent = _F.last_seen < now - SILENT_US
    if state == "silent":
        return silent
    return and_(~silent, _holds(at) if state == "current" else ~_holds(at))


def _follower(row: Row[*tuple[Any, ...]]) -> Follower:
    return Follower(
        row.id,
        row.host,
        row.process,
        row.sdk,
        row.via,
        Position(row.epoch, row.release),
        row.applied_at,
        row.lag_ms,
        row.last_seen,
        row.refused,
        row.refused_release,
        row.refused_since,
    )
