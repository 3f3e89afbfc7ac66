"""Quick search for a command palette: a few words, and what they may mean in every project somebody may read.

Projects and environments by name, releases as `r42`, review requests as `#12`, then prompts by the index of words: those
whose address or name matches come before those whose text does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from promptops_server.approvals.workflow.model import OPEN
from promptops_server.approvals.workflow.tables import review_request
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.registry.finding import matching
from promptops_server.registry.projects import may_read
from promptops_server.registry.tables import project, prompt
from promptops_server.releases.tables import environment, release

Kind = Literal["project", "environment", "release", "review", "prompt"]
MOST = 20
"""Hits on a page."""
MOST_OF_KIND = 5
MOST_PROJECTS = 2_000
"""Projects looked through for one search."""
_NAMED = 500
"""Projects that one question to the index names."""
_NUMBER = re.compile(r"(?P<kind>[r#])(?P<number>[0-9]{1,9})")
_MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found, and where it is."""

    kind: Kind
    title: str
    subtitle: str
    address: str
    project: str
    environment: str | None = None
    number: int | None = None
    """A release's, a request's, or a prompt's newest version."""


@dataclass(frozen=True, slots=True)
class _Readable:
    id: str
    name: str
    title: str


def search(
    conn: Connection, actor: Actor, authorise: Authorise, q: str, *, cursor: str | None
) -> Page[Hit]:
    """A page of at most `MOST` hits. Only prompts go on beyond the first page.

    Raises:
        BadRequest: the cursor is not from here.
    """
    last = None
    if cursor:
        group, row = decode(cursor, int, int)
        last = (group, row)
    words = q.split()
    if not words:
        return Page([], None)
    readable, all_of_them = _readable(conn, actor, authorise)
    if not readable:
        return Page([], None)
    hits: list[Hit] = []
    if last is None:
        hits = [*_projects(readable, words), *_environments(conn, readable, words)]
        hits += _numbered(conn, readable, words)
    where, rest = _narrowed(readable, q)
    prompts, following = _prompts(
        conn,
        where,
        rest,
        everywhere=all_of_them and where is readable,
        after=last,
        limit=MOST - len(hits),
    )
    return Page([*hits, *prompts], following)


def _readable(
    conn: Connection, actor: Actor, authorise: Authorise
) -> tuple[Sequence[_Readable], bool]:
    """The projects the actor may read, by name, and whether these are all there are."""
    rows = conn.execute(
        select(project.c.id, project.c.name, project.c.title)
        .order_by(project.c.name_fold)
        .limit(MOST_PROJECTS + 1)
    ).all()
    found = [
        _Readable(row.id, row.name, row.title)
        for row in rows[:MOST_PROJECTS]
        if may_read(authorise, actor, row.name)
    ]
    return found, len(found) == len(rows)


def _projects(readable: Sequence[_Readable], words: Sequence[str]) -> list[Hit]:
    wanted = [word.lower() for word in words]
    found = [
        one for one in readable if all(word in f"{one.name} {one.title}".lower() for word in wanted)
    ]
    found.sort(key=lambda one: (not one.name.lower().startswith(wanted[0]), one.name.lower()))
    return [
        Hit("project", one.title or one.name, one.name, one.name, one.name)
        for one in found[:MOST_OF_KIND]
    ]


def _environments(
    conn: Connection, readable: Sequence[_Readable], words: Sequence[str]
) -> list[Hit]:
    """Environments of which a word begins the name; the other words are parts of the project's."""
    by_id = {one.id: one for one in readable}
    found: list[Hit] = []
    wanted = [part for word in words for part in word.lower().split("@") if part]
    if not wanted:
        return []
    rows = conn.execute(
        select(environment.c.name, environment.c.project_id, environment.c.head)
        .where(environment.c.name_fold.startswith(wanted[-1], autoescape=True))
        .order_by(environment.c.name_fold, environment.c.project_id)
        .limit(MOST_PROJECTS)
    )
    for row in rows:
        one = by_id.get(row.project_id)
        if one is None or not all(word in one.name.lower() for word in wanted[:-1]):
            continue
        subtitle = f"Environment of {one.name}" + (f", at r{row.head}" if row.head else "")
        address = f"{one.name}@{row.name}"
        found.append(
            Hit("environment", row.name, subtitle, address, one.name, row.name, row.head or None)
        )
        if len(found) == MOST_OF_KIND:
            break
    return found


def _numbered(conn: Connection, readable: Sequence[_Readable], words: Sequence[str]) -> list[Hit]:
    """`r42` and `#12`; other words are parts of the project's name or the environment's."""
    for word in words:
        match = _NUMBER.fullmatch(word.lower())
        if match is not None and int(match["number"]) <= _MAX_NUMBER:
            others = [other.lower() for other in words if other is not word]
            read = _releases if match["kind"] == "r" else _requests
            return read(conn, {one.id: one for one in readable}, int(match["number"]), others)
    return []


def _releases(
    conn: Connection, by_id: Mapping[str, _Readable], number: int, others: Sequence[str]
) -> list[Hit]:
    rows = conn.execute(
        select(release.c.project_id, environment.c.name, release.c.kind, release.c.reason)
        .join(environment, environment.c.id == release.c.environment_id)
        .where(release.c.number == number, release.c.environment_id.in_(select(environment.c.id)))
        .order_by(release.c.acknowledged_at.desc())
        .limit(MOST_PROJECTS)
    )
    found: list[Hit] = []
    for row in rows:
        one = by_id.get(row.project_id)
        address = f"{one.name}@{row.name}" if one else ""
        if one is None or not all(other in address.lower() for other in others):
            continue
        subtitle = f"{address}: {row.kind}. {row.reason}"[:200]
        found.append(Hit("release", f"r{number}", subtitle, address, one.name, row.name, number))
        if len(found) == MOST_OF_KIND:
            break
    return found


def _requests(
    conn: Connection, by_id: Mapping[str, _Readable], number: int, others: Sequence[str]
) -> list[Hit]:
    columns = review_request.c
    rows: Any = conn.execute(
        select(columns.project_id, columns.path, columns.version, columns.state, columns.message)
        .where(columns.number == number, columns.project_id.in_(select(project.c.id)))
        .order_by(columns.opened_at.desc())
        .limit(MOST_PROJECTS)
    )
    found: list[Hit] = []
    for row in rows:
        one = by_id.get(row.project_id)
        if one is None or not all(o in f"{one.name}/{row.path}".lower() for o in others):
            continue
        found.append(_request_hit(one.name, number, row))
        if len(found) == MOST_OF_KIND:
            break
    return found


def _request_hit(name: str, number: int, row: Any) -> Hit:
    address = f"{name}/{row.path}@{row.version}"
    state = str(row.state).replace("_", " ")
    subtitle = f"{address}: {state}. {row.message}"[:200].strip()
    return Hit("review", f"#{number}", subtitle, address, name, None, number)


def _narrowed(readable: Sequence[_Readable], q: str) -> tuple[Sequence[_Readable], str]:
    """An address begins with its project: then only that one is searched, by the rest."""
    name, slash, rest = q.strip().partition("/")
    if slash and rest.strip():
        for one in readable:
            if one.name.lower() == name.lower():
                return [one], rest
    return readable, q


def _prompts(
    conn: Connection,
    where: Sequence[_Readable],
    q: str,
    *,
    everywhere: bool,
    after: tuple[int, int] | None,
    limit: int,
) -> tuple[list[Hit], str | None]:
    asked = matching.Asked(
        project_id=where[0].id if len(where) == 1 else "",
        terms=matching.terms_of(q),
        filters="prompt.archived_at IS NULL",
        projects=() if everywhere or len(where) == 1 else tuple(p.id for p in where[:_NAMED]),
    )
    hits = matching.find(conn, asked, after=after, limit=limit + 1)
    shown = hits.found[:limit]
    following = None
    if len(hits.found) > limit and shown:
        following = encode(*shown[-1])
    elif hits.stopped is not None:
        following = encode(*hits.stopped)
    names = {one.id: one.name for one in where}
    ids = [row for _, row in shown]
    rows = _rows(conn, ids)
    reviews = _open_reviews(conn, ids)
    found: list[Hit] = []
    for row_id in ids:
        row = rows[row_id]
        address = f"{names[row.project_id]}/{row.path}"
        subtitle = row.description[:200] or (
            f"Review request #{reviews[row_id]} is open" if row_id in reviews else ""
        )
        found.append(
            Hit("prompt", row.name, subtitle, address, names[row.project_id], None, row.latest)
        )
    return found, following


def _rows(conn: Connection, ids: Collection[int]) -> dict[int, Any]:
    if not ids:
        return {}
    columns = prompt.c
    rows = conn.execute(
        select(
            columns.id,
            columns.project_id,
            columns.path,
            columns.name,
            columns.description,
            columns.latest,
        ).where(columns.id.in_(ids))
    )
    return {row.id: row for row in rows}


def _open_reviews(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    if not ids:
        return {}
    rows = conn.execute(
        select(review_request.c.prompt_id, func.max(review_request.c.number).label("number"))
        .where(review_request.c.prompt_id.in_(ids), review_request.c.state.in_(sorted(OPEN)))
        .group_by(review_request.c.prompt_id)
    )
    return {row.prompt_id: row.number for row in rows}
