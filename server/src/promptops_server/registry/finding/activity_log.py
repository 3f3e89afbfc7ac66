"""Reading a project's activity: pages of its log, newest first, along an index for every filter.

Events that are not told (refusals, grants) are read past; like a list of prompts, a page may come back short with a
cursor when there are many of them.
"""

# ruff: noqa: S608 - statements are put together from the fixed pieces below; what users give are parameters

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from promptops_server.audit.read import entries_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra import cursor as pages
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.finding.activity import (
    HIDDEN,
    SHOWN,
    Item,
    Touched,
    actions_of,
    item_of,
    names_prompts,
)
from promptops_server.registry.finding.wanted import moment
from promptops_server.registry.model import Project

BUDGET = 1_000
"""Events looked at for one page along each index."""

_AT = select(audit_event.c.occurred_at).where(
    audit_event.c.log_id == bindparam("log"), audit_event.c.seq == bindparam("seq")
)
_NEWEST = text("SELECT max(seq) FROM audit_event WHERE log_id = :log")


@dataclass(frozen=True, slots=True)
class Asked:
    """Empty texts ask nothing. `actor` is a user's row id, `since` a time, a duration or a page's `latest`."""

    actor: str = ""
    kind: str = ""
    path: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """A page. `latest` is what to ask `since` next time, so as to get only what is new."""

    items: Sequence[Item]
    next: str | None
    latest: str


def read_activity(
    conn: Connection, project: Project, asked: Asked, *, limit: int, cursor: str | None, now: int
) -> Activity:
    """Items, newest first.

    Raises:
        BadRequest: the cursor is not from here, or `since` is neither a time, a duration nor a page's `latest`.
    """
    newest = conn.execute(_NEWEST, {"log": project.id}).scalar() or 0
    below = pages.decode(cursor, int)[0] if cursor else newest + 1
    least = _first_since(conn, project.id, asked.since, newest, now) if asked.since else 1
    found: list[int] = []
    stops: list[int] = []
    for source, params in _sources(project, asked):
        seqs, stop = _read(conn, source, {**params, "below": below, "least": least}, limit + 1)
        found += seqs
        if stop is not None:
            stops.append(stop)
    told = sorted(set(found), reverse=True)
    if stops:
        told = [seq for seq in told if seq >= max(stops)]
    shown = told[:limit]
    following = shown[-1] if len(told) > limit else max(stops) if stops else None
    return Activity(
        _items(conn, project, shown),
        None if following is None else pages.encode(following),
        pages.encode("since", newest),
    )


def _sources(project: Project, asked: Asked) -> list[tuple[str, dict[str, Any]]]:
    """The index ranges whose union is what is asked for: FROM and WHERE of each, with its parameters."""
    log = {"log": project.id}
    where, params = "", dict(log)
    if asked.actor:
        where, params["actor"] = " AND e.actor = :actor", asked.actor
    actions = actions_of(asked.kind) if asked.kind else ()
    if asked.path:
        among = ""
        if actions:
            names = [f"a{number}" for number in range(len(actions))]
            params.update(zip(names, actions, strict=True))
            among = f" AND e.action IN ({', '.join(':' + name for name in names)})"
        own = f"audit_event e WHERE e.log_id = :log AND e.object_id = :object{where}{among}"
        noted = (
            "prompt_activity t JOIN audit_event e ON e.log_id = t.project_id AND e.seq = t.seq"
            f" WHERE t.project_id = :log AND t.path = :path{where}{among}"
        )
        return [
            (own, {**params, "object": f"{project.name}/{asked.path}"}),
            (noted, {**params, "path": asked.path}),
        ]
    if actions:
        one = f"audit_event e WHERE e.log_id = :log AND e.action = :action{where}"
        return [(one, {**params, "action": action}) for action in actions]
    return [(f"audit_event e WHERE e.log_id = :log{where}", params)]


def _read(
    conn: Connection, source: str, params: Mapping[str, Any], limit: int
) -> tuple[list[int], int | None]:
    """Sequence numbers of what is told, newest first, and the last one looked at if reading stopped there."""
    key = "t.seq" if source.startswith("prompt_activity") else "e.seq"
    reach = f"FROM {source} AND {key} < :below AND {key} >= :least"
    stop = conn.execute(
        text(f"SELECT {key} {reach} ORDER BY {key} DESC LIMIT 1 OFFSET :budget"),
        {**params, "budget": BUDGET - 1},
    ).scalar()
    hidden = "".join(f" AND e.action NOT LIKE '{beginning}%'" for beginning in HIDDEN)
    rows = conn.execute(
        text(f"SELECT {key} {reach} AND e.outcome = 'ok'{hidden} ORDER BY {key} DESC LIMIT :limit"),
        {**params, "least": max(params["least"], stop or 0), "limit": limit},
    )
    seqs = list(rows.scalars())
    return seqs, stop if stop is not None and len(seqs) < limit else None


def _items(conn: Connection, project: Project, seqs: Sequence[int]) -> list[Item]:
    if not seqs:
        return []
    entries = {entry["seq"]: entry for entry in entries_of(conn, project.id, seqs)}
    noted = _noted(conn, project.id, [s for s in seqs if names_prompts(entries[s]["action"])])
    return [item_of(entries[s], project.name, noted.get(s, ())) for s in seqs]


def _noted(conn: Connection, project_id: str, seqs: Sequence[int]) -> dict[int, list[Touched]]:
    """The first prompts noted beside each event, one more than an item names."""
    if not seqs:
        return {}
    # A range of one: for an equal `seq` SQLite takes the primary key, whose paths are sorted, and reads the whole project.
    first = " UNION ALL ".join(
        "SELECT * FROM (SELECT seq, path, version FROM prompt_activity WHERE project_id = :log"
        f" AND seq >= :s{number} AND seq <= :s{number} ORDER BY seq, path LIMIT :shown) AS first{number}"
        for number in range(len(seqs))
    )
    params = {f"s{number}": seq for number, seq in enumerate(seqs)}
    found: dict[int, list[Touched]] = {}
    for row in conn.execute(text(first), {**params, "log": project_id, "shown": SHOWN + 1}):
        found.setdefault(row.seq, []).append(Touched(row.path, row.version))
    return found


def _first_since(conn: Connection, log_id: str, since: str, newest: int, now: int) -> int:
    """The first event after a page's `latest`, or at or after a time. Times grow along the log, so it is halved."""
    try:
        kind, seq = pages.decode(since, str, int)
        if kind == "since":
            return int(seq) + 1
    except BadRequest:
        pass
    earliest = moment(since, now)
    low, high = 1, newest + 1
    while low < high:
        middle = (low + high) // 2
        at = conn.execute(_AT, {"log": log_id, "seq": middle}).scalar()
        if at is not None and at < earliest:
            low = middle + 1
        else:
            high = middle
    return low
