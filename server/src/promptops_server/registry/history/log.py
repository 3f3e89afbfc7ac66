"""The versions of one prompt, newest first; also across its moves."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import Connection

from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.history.lineage import FIRST_READ, Place, origin_of, walk
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import path_fault
from promptops_server.registry.versions import no_prompt


def list_versions(
    conn: Connection,
    project: Project,
    path: str,
    *,
    limit: int,
    cursor: str | None = None,
    follow: bool = False,
) -> Page[Version]:
    """A page of a prompt's versions, also of an archived one.

    With `follow` a version that came by a move is followed by those of the address it had before; without it the page
    keeps to this address.

    Raises:
        NotFound: there never was such a prompt.
        BadRequest: the cursor is not from here.
    """
    start = _place(path, cursor, follow)
    at_once = FIRST_READ if follow else limit + 1
    found = list(islice(walk(conn, project, start, follow=follow, at_once=at_once), limit + 1))
    if not found and not cursor:
        raise no_prompt(project, path)
    items, more = found[:limit], len(found) > limit
    return Page(items, _cursor(items[-1], follow) if more else None)


def _place(path: str, cursor: str | None, follow: bool) -> Place:
    if cursor is None:
        return Place(path)
    if not follow:
        return Place(path, decode(cursor, int)[0])
    at, below = decode(cursor, str, int)
    if path_fault(at):
        raise BadRequest(
            "The cursor is not one this list gave out.",
            remedy="Start again without `cursor`.",
            slug="bad-cursor",
        )
    return Place(at, below)


def _cursor(last: Version, follow: bool) -> str | None:
    """Where the next page begins: behind a move that is at the other address."""
    if not follow:
        return encode(last.number)
    place = origin_of(last)
    return None if place is None else encode(place.path, place.below)
