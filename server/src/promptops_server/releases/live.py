"""What is live in an environment, now and at any earlier release or time.

Answers the registry's question where a prompt is live (`LiveVersions`). Only reads.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, or_, select

from promptops_server.infra import clock, cursor
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.registry.model import LivePlace
from promptops_server.registry.paths import path_fault
from promptops_server.releases import environments
from promptops_server.releases.history import acknowledged_at, no_such_release, release_at
from promptops_server.releases.model import Environment, LiveEntry
from promptops_server.releases.rows import AnyRow, chunks
from promptops_server.releases.tables import environment as environment_table
from promptops_server.releases.tables import live, release

_RELEASE = re.compile(r"r?([0-9]{1,18})")
_LIVE_VERSION = select(live.c.version).where(
    live.c.environment_id == bindparam("environment_id"),
    live.c.path == bindparam("path"),
    live.c.to_release.is_(None),
    live.c.state == "live",
)


def release_of(conn: Connection, environment: Environment, at: str | None) -> int:
    """The release that `at` means: None for the newest, `r41` or `41`, or a time (RFC 3339).

    Raises:
        BadRequest: neither a release nor a time.
        Invalid: the time is not yet.
        NotFound: no such release, or the environment did not exist then.
    """
    if at is None:
        return environment.head
    text = at.strip()
    numbered = _RELEASE.fullmatch(text)
    if numbered:
        number = int(numbered[1])
        if number > environment.head:
            raise no_such_release(environment, number)
        return number
    try:
        # In a query string an unescaped `+` of a time zone arrives as a space.
        moment = clock.from_text(re.sub(r" (?=\d\d:?\d\d$)", "+", text))
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{at[:60]!r} is neither a release nor a time.",
            remedy="Write r41, or a time such as 2026-01-31T09:00:00Z.",
            slug="bad-time",
        ) from None
    # The newest release may be acknowledged a little ahead of the clock, if the clock was set back.
    now = max(clock.now_us(), acknowledged_at(conn, environment, environment.head))
    if moment > now:
        raise Invalid(
            f"{at[:60]!r} is in the future: it is {clock.to_text(now)} here.",
            remedy="Leave `at` out for what is live now.",
            slug="future-time",
        )
    return release_at(conn, environment, moment)


def live_page(
    conn: Connection,
    environment: Environment,
    number: int,
    *,
    limit: int = cursor.DEFAULT_LIMIT,
    after: str | None = None,
) -> cursor.Page[LiveEntry]:
    """A page, by path, of what stood in the environment after release `number`, suspended prompts included.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = (
        select(
            live.c.path,
            live.c.state,
            live.c.version,
            live.c.digest,
            live.c.reason,
            live.c.from_release,
            release.c.acknowledged_at,
            release.c.actor_name,
        )
        .join(
            release,
            (release.c.environment_id == live.c.environment_id)
            & (release.c.number == live.c.from_release),
        )
        .where(live.c.environment_id == environment.id, live.c.from_release <= number)
    )
    if number == environment.head:
        query = query.where(live.c.to_release.is_(None))
    else:
        query = query.where(or_(live.c.to_release.is_(None), live.c.to_release > number))
    if after:
        query = query.where(live.c.path > _cursor_path(after))
    rows = conn.execute(query.order_by(live.c.path).limit(limit + 1)).all()
    page = cursor.page(rows, limit, lambda row: (str(row.path),))
    return cursor.Page([_entry(row) for row in page.items], page.next)


def live_entries(conn: Connection, environment: Environment, number: int) -> list[LiveEntry]:
    """Everything that stood in the environment after release `number`, by path."""
    found: list[LiveEntry] = []
    after: str | None = None
    while True:
        page = live_page(conn, environment, number, limit=cursor.MAX_LIMIT, after=after)
        found.extend(page.items)
        after = page.next
        if after is None:
            return found


def live_now(conn: Connection, environment: Environment) -> list[LiveEntry]:
    """Everything that stands in the environment, by path."""
    return live_entries(conn, environment, environment.head)


def live_at(conn: Connection, environment: Environment, at: str) -> list[LiveEntry]:
    """Everything that stood in the environment at a release (`r41`) or time (RFC 3339), by path.

    Raises:
        BadRequest, Invalid, NotFound: as `release_of`.
    """
    return live_entries(conn, environment, release_of(conn, environment, at))


class LiveVersions:
    """Where prompts are live: the answer to the registry's port of that name. Suspended prompts are live nowhere."""

    def live(self, conn: Connection, project_id: str, environment: str, path: str) -> int | None:
        """The version live in the environment now, or None.

        Raises:
            NotFound: the project has no such environment.
        """
        found = environments.get(conn, project_id, environment)
        version = conn.execute(_LIVE_VERSION, {"environment_id": found.id, "path": path}).scalar()
        return None if version is None else int(version)

    def where(
        self, conn: Connection, project_id: str, paths: Sequence[str]
    ) -> Mapping[str, tuple[LivePlace, ...]]:
        """Per path the environments in which it is live, in the order of promotion."""
        found: dict[str, list[LivePlace]] = defaultdict(list)
        for some in chunks(paths):
            rows = conn.execute(
                select(live.c.path, live.c.version, environment_table.c.name)
                .join(environment_table, environment_table.c.id == live.c.environment_id)
                .where(
                    environment_table.c.project_id == project_id,
                    live.c.to_release.is_(None),
                    live.c.state == "live",
                    live.c.path.in_(some),
                )
                .order_by(environment_table.c.position, environment_table.c.name)
            )
            for row in rows:
                found[row.path].append(LivePlace(row.name, row.version))
        return {path: tuple(places) for path, places in found.items()}

    def environments(self, conn: Connection, project_id: str) -> Sequence[str]:
        """The names of the project's environments, in the order of promotion."""
        return [found.name for found in environments.list_environments(conn, project_id)]


def _cursor_path(after: str) -> str:
    """The path in a cursor: only what can be a path reaches the database."""
    path = str(cursor.decode(after, str)[0])
    if path_fault(path):
        raise BadRequest(
            "The cursor is not one this list gave out.",
            remedy="Start again without `cursor`.",
            slug="bad-cursor",
        )
    return path


def _entry(row: AnyRow) -> LiveEntry:
    return LiveEntry(
        path=row.path,
        state=row.state,
        version=row.version,
        release=row.from_release,
        since=row.acknowledged_at,
        digest=row.digest,
        reason=row.reason,
        actor=row.actor_name,
    )
