"""What a pack is about: a version, what is live at an address, or a release.

Owns reading which prompts and which release that is. What is told of each is `gather`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops.delivery.header import LIVE
from promptops_server.infra.problems import Invalid
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.versions import get_version, resolve
from promptops_server.releases import environments
from promptops_server.releases.history import one_release
from promptops_server.releases.model import Environment, Release
from promptops_server.releases.tables import live, release

MAX_PROMPTS = 50
"""Prompts in the pack of one release; each has a record, a difference and a proof of its own."""


@dataclass(frozen=True, slots=True)
class About:
    """One prompt of a pack: the version, what stands in the environment since, and the version before."""

    version: Version
    state: str
    previous: int | None
    digest: str
    """The artifact's; empty when nothing is live."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`environment`, `release` and `statement` are None for a version that is live nowhere."""

    project: Project
    prompts: tuple[About, ...]
    environment: Environment | None = None
    release: Release | None = None
    statement: Any = None
    whole_release: bool = False

    @property
    def title(self) -> str:
        """In words a person reads first."""
        if self.whole_release and self.release and self.environment:
            return f"Release r{self.release.number} of {self.project.name}@{self.environment.name}"
        version = self.prompts[0].version
        where = ""
        if self.release and self.environment:
            where = f", live in {self.environment.name} since release r{self.release.number}"
        return f"{self.project.name}/{version.path}, version {version.number}{where}"

    @property
    def name(self) -> str:
        """The address, or `project@environment`, as audit events name it."""
        if self.whole_release and self.environment:
            return f"{self.project.name}@{self.environment.name}"
        return f"{self.project.name}/{self.prompts[0].version.path}"

    @property
    def selector(self) -> str:
        """The version, or `r41`."""
        if self.whole_release and self.release:
            return f"r{self.release.number}"
        return str(self.prompts[0].version.number)


def subject_of_address(
    conn: Connection, project: Project, path: str, selector: str | None, where: LiveVersion
) -> Subject:
    """A version, with the release that made it live: of the environment named, else of the last one it is live in.

    Raises:
        BadRequest, NotFound, Conflict: as `versions.resolve`.
    """
    path = address_path(path)
    version = resolve(conn, project, path, selector, where)
    found = None
    if (
        selector is not None
        and not selector.isdigit()
        and selector in where.environments(conn, project.id)
    ):
        found = environments.get(conn, project.id, selector)
    else:
        places = where.where(conn, project.id, [path]).get(path, ())
        names = [p.environment for p in places if p.version == version.number]
        in_order = [name for name in where.environments(conn, project.id) if name in names]
        found = environments.get(conn, project.id, in_order[-1]) if in_order else None
    if found is None:
        return Subject(project, (About(version, "not live", version.parent, ""),))
    row = conn.execute(
        select(live.c.from_release, live.c.digest).where(
            live.c.environment_id == found.id, live.c.path == path, live.c.to_release.is_(None)
        )
    ).one()
    made = one_release(conn, found, row.from_release)
    previous = next((c.previous for c in made.prompts if c.path == path), None)
    about = About(version, LIVE, previous, row.digest)
    return Subject(project, (about,), found, made, _statement(conn, found, made.number))


def subject_of_release(
    conn: Connection, project: Project, environment: Environment, number: int
) -> Subject:
    """A release with all it changed.

    Raises:
        NotFound: there is no such release.
        Invalid: it changed more prompts than one pack holds.
    """
    made = one_release(conn, environment, number)
    if made.changed > MAX_PROMPTS:
        raise Invalid(
            f"Release r{number} changed {made.changed:,} prompts; a pack holds at most {MAX_PROMPTS}.",
            remedy=f"Ask for one prompt at a time: {project.name}/{made.prompts[0].path}@{environment.name}.",
            slug="too-many-prompts",
        )
    statement = _statement(conn, environment, number)
    rows = conn.execute(
        select(live.c.path, live.c.digest).where(
            live.c.environment_id == environment.id, live.c.from_release == number
        )
    )
    digests = {row.path: row.digest for row in rows}
    prompts = tuple(
        About(
            get_version(conn, project, change.path, change.version),
            change.state,
            change.previous,
            digests.get(change.path, "") if change.state == LIVE else "",
        )
        for change in made.prompts
    )
    return Subject(project, prompts, environment, made, statement, whole_release=True)


def _statement(conn: Connection, environment: Environment, number: int) -> Any:
    return conn.execute(
        select(
            release.c.statement,
            release.c.statement_hash,
            release.c.acknowledged_at,
            release.c.actor,
        ).where(release.c.environment_id == environment.id, release.c.number == number)
    ).one()
