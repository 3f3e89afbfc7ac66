"""The line of a prompt's versions through its moves: this address, and before a move the address it came from.

Owns the walk, newest first, and what is where on it. A page of it is `log`; `blame` goes down the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from promptops.format.names import fold
from promptops_server.registry.model import Project, Version
from promptops_server.registry.rows import VERSION, as_version
from promptops_server.registry.tables import prompt, version

_LARGEST = 2**31 - 1
_MOST_READ = 512
FIRST_READ = 32
"""Versions of an address read at once, to begin with: the next move may be near."""

_BELOW = (
    VERSION.where(
        prompt.c.project_id == bindparam("project_id"),
        prompt.c.path_fold == bindparam("path_fold"),
        prompt.c.path == bindparam("path"),
        version.c.number < bindparam("below"),
    )
    .order_by(version.c.number.desc())
    .limit(bindparam("limit"))
)
_MOVED_FROM = (
    select(version.c.moved_from, version.c.number, prompt.c.path)
    .join(prompt, prompt.c.id == version.c.prompt_id)
    .where(
        version.c.project_id == bindparam("project_id"),
        version.c.moved_from.in_(bindparam("addresses", expanding=True)),
    )
    .order_by(version.c.id)
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the line: the versions of `path` with numbers below `below`."""

    path: str
    below: int = _LARGEST


def origin_of(found: Version) -> Place | None:
    """Where the line goes on before this version: at the address it was moved from, else at the same one.

    None at the beginning. A copy begins a line of its own: what it was copied from is another prompt's history.
    """
    if found.moved_from is not None:
        path, _, number = found.moved_from.rpartition("@")
        return Place(path, int(number) + 1)
    return Place(found.path, found.number) if found.number > 1 else None


def walk(
    conn: Connection,
    project: Project,
    start: Place,
    *,
    follow: bool = True,
    at_once: int = FIRST_READ,
) -> Iterator[Version]:
    """The versions from a place on, newest first, read as they are asked for; `at_once` to begin with.

    With `follow` a moved version is followed by the one it was; without it by the one before it at its address.
    A move leads to what was there before it, so no line ever comes back to where it was.
    """
    place: Place | None = start
    limit = at_once
    while place is not None:
        rows = conn.execute(
            _BELOW,
            {
                "project_id": project.id,
                "path_fold": fold(place.path),
                "path": place.path,
                "below": place.below,
                "limit": limit,
            },
        ).all()
        path, place = place.path, None
        limit = max(limit, min(limit * 4, _MOST_READ))
        for row in rows:
            found = as_version(project, row)
            yield found
            place = origin_of(found) if follow else _before(found)
            if place is not None and (place.path != path or place.below != found.number):
                limit = FIRST_READ
                break


def moved_to(conn: Connection, project: Project, versions: Sequence[Version]) -> dict[str, str]:
    """Per address (``module/prompt@7``) the one its content moved to, for those that moved."""
    if not versions:
        return {}
    addresses = [f"{v.path}@{v.number}" for v in versions]
    rows = conn.execute(_MOVED_FROM, {"project_id": project.id, "addresses": addresses})
    return {row.moved_from: f"{row.path}@{row.number}" for row in rows}


def _before(found: Version) -> Place | None:
    return Place(found.path, found.number) if found.number > 1 else None
