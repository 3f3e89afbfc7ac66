"""One side of a comparison: an environment, now or earlier, or the newest versions on `main`.

Owns what the words mean, and the rows a side consists of, as SQL in the order of paths. Leaves comparing to `compare`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Subquery, literal, or_, select

from promptops_server.infra.problems import BadRequest
from promptops_server.registry.rows import after
from promptops_server.registry.tables import prompt
from promptops_server.releases import environments
from promptops_server.releases.history import acknowledged_at
from promptops_server.releases.live import release_of
from promptops_server.releases.model import Environment
from promptops_server.releases.tables import live

MAIN = "main"
NEWEST = -1
"""The release number that stands for `main`, which has none."""


@dataclass(frozen=True, slots=True)
class Side:
    """`environment` None is `main`; `release` is the one looked at, acknowledged at `acknowledged_at`."""

    environment: Environment | None
    release: int
    acknowledged_at: int | None = None

    @property
    def name(self) -> str:
        """As one writes it to mean exactly this again: `production@r41`; `main` is always the newest."""
        return MAIN if self.environment is None else f"{self.environment.name}@r{self.release}"


def side_of(conn: Connection, project_id: str, text: str, release: int | None = None) -> Side:
    """The side that `main`, `production`, `production@r41` or `production@TIME` means.

    `release` overrides what stands behind the `@`: the one that the page before looked at.

    Raises:
        BadRequest: neither; or `main` at a release or time.
        NotFound: no such environment or release.
        Invalid: the time is not yet.
    """
    name, at, moment = text.strip().partition("@")
    if name == MAIN:
        if at:
            raise BadRequest(
                "`main` stands for the newest versions and has no releases.",
                remedy="Write main alone, or an environment such as production@r41.",
                slug="bad-side",
            )
        return Side(None, NEWEST)
    environment = environments.get(conn, project_id, name)
    if at and not moment.strip():
        raise BadRequest(
            f"Nothing follows the @ of {text[:60]!r}.",
            remedy="Write production@r41 or production@2026-01-31T09:00:00Z.",
            slug="bad-side",
        )
    wanted = f"r{release}" if release is not None else moment if at else None
    number = release_of(conn, environment, wanted)
    return Side(environment, number, acknowledged_at(conn, environment, number))


def rows_of(side: Side, project_id: str, alias: str, module: str = "") -> Subquery:
    """Path, state and version of everything on a side, inside a module."""
    if side.environment is None:
        table = prompt
        query = select(
            prompt.c.path, literal("live").label("state"), prompt.c.latest.label("version")
        ).where(prompt.c.project_id == project_id, prompt.c.archived_at.is_(None))
    else:
        table = live
        query = select(live.c.path, live.c.state, live.c.version).where(
            live.c.environment_id == side.environment.id
        )
        if side.release == side.environment.head:
            query = query.where(live.c.to_release.is_(None))
        else:
            query = query.where(
                live.c.from_release <= side.release,
                or_(live.c.to_release.is_(None), live.c.to_release > side.release),
            )
    if module:
        low = module + "/"
        query = query.where(table.c.path >= low, table.c.path < after(low))
    return query.subquery(alias)
