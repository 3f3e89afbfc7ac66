"""Reading prompts in an order, from where the last page ended, past those that do not fit.

Every list is read along one index: the postings of its rarest facet, or the prompts themselves. What else must hold is
looked up prompt by prompt, and at most `BUDGET` prompts are looked at for one page: where few of them fit, a page comes
back short with a cursor, rather than reading 100,000. Where the rarest facet has few prompts, all of them are read and
sorted, in any order wanted.

The statements are text: their shape decides the cost on both databases, so nothing may rewrite them. A condition is a
scalar subquery because PostgreSQL turns EXISTS into a join, and may then start it from the common facet.
"""

# ruff: noqa: S608 - statements are put together from the fixed pieces below; what users give are parameters

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from promptops_server.registry.facet_rows import Found, find_facets
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.model import Project
from promptops_server.registry.rows import after

BUDGET = 1_500
"""Prompts looked at for one page, when most of them do not fit."""
FEW = 1_500
"""Up to so many prompts are read at once and sorted."""

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The prompts of a list that are archived, or those that are not, with what they must and must not have.

    `facets` are ordered, the rarest first.
    """

    archived: bool
    facets: tuple[Found, ...]
    without: tuple[int, ...]
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def rarest(self) -> Found | None:
        return self.facets[0] if self.facets else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What reading gave: ``(key, prompt id)`` in order, and the last key looked at if reading stopped there."""

    rows: Sequence[tuple[Key, int]]
    stopped: Key | None = None


def lines_of(conn: Connection, project: Project, wanted: Wanted) -> list[Line]:
    """One line, or one for either kind of prompts; none where a facet has no prompt at all."""
    lines = []
    for archived in (False, True) if wanted.archived is None else (wanted.archived,):
        asked = wanted.facets | wanted.without
        found = find_facets(conn, project.id, asked, archived)
        if not all(facet in found and found[facet].prompts for facet in wanted.facets):
            continue
        lines.append(
            Line(
                archived,
                tuple(sorted((found[f] for f in wanted.facets), key=lambda f: f.prompts)),
                tuple(found[f].id for f in wanted.without if f in found and found[f].prompts),
            )
        )
    return lines


def by_path(
    conn: Connection, project: Project, wanted: Wanted, line: Line, last: str, limit: int
) -> Stretch:
    """Prompts after the path `last`."""
    query = _Query(project, line, wanted)
    low = wanted.module + "/" if wanted.module else ""
    query.given(low=max(last, low))
    if low:
        query.given(high=after(low))
    if query.since is not None and _few_changed(conn, query):
        query.candidates(_changed(query))
        query.probe(line.facets)
        return _sorted_by_path(conn, query, limit)
    if line.rarest is None:
        source, key, row = f"prompt p WHERE {query.of_project}", "p.path", "p.id"
        if query.since is not None:
            query.where.append("p.updated_at >= :since")
    else:
        query.given(driver=line.rarest.id)
        source, key, row = "prompt_facet d WHERE d.facet_id = :driver", "d.path", "d.prompt_id"
        query.probe(line.facets[1:], row)
        if query.since is not None:
            query.where.append(
                "(SELECT p.updated_at FROM prompt p WHERE p.id = d.prompt_id) >= :since"
            )
    query.without(row)
    source += f" AND {key} > :low" + (f" AND {key} < :high" if low else "")
    stop = _bound(conn, query, f"SELECT {key} AS k FROM {source} ORDER BY {key}")
    if stop is not None:
        source += f" AND {key} <= :stop"
        query.given(stop=stop[0])
    rows = conn.execute(
        text(
            f"SELECT {key} AS k, {row} AS id FROM {source}{query.conditions}"
            f" ORDER BY {key} LIMIT :limit"
        ),
        query.given(limit=limit),
    )
    found = [((r.k,), r.id) for r in rows]
    return Stretch(found, None if stop is None or len(found) == limit else tuple(stop))


def by_change(
    conn: Connection,
    project: Project,
    wanted: Wanted,
    line: Line,
    last: tuple[int, int] | None,
    limit: int,
) -> Stretch:
    """Prompts before `last`, a time of change and a row id, newest first."""
    query = _Query(project, line, wanted)
    query.given(at=last[0] if last else 2**62, row=last[1] if last else 2**62)
    before = "(p.updated_at, p.id) < (:at, :row)"
    if query.since is not None:
        before += " AND p.updated_at >= :since"
    if wanted.module:
        query.given(low=wanted.module + "/", high=after(wanted.module + "/"))
    few = _few_candidates(conn, query)
    if few is not None:
        query.candidates(few)
        query.probe(line.facets)
        query.without("p.id")
        source, stop = f"few JOIN prompt p ON p.id = few.id WHERE {before}", None
    else:
        query.probe(line.facets, "p.id")
        query.without("p.id")
        if wanted.module:
            query.where.append("p.path > :low AND p.path < :high")
        source = f"prompt p WHERE {query.of_project} AND {before}"
        order = "ORDER BY p.updated_at DESC, p.id DESC"
        stop = _bound(conn, query, f"SELECT p.updated_at AS k, p.id AS k2 FROM {source} {order}")
        if stop is not None:
            source += " AND (p.updated_at, p.id) >= (:stop_at, :stop_row)"
            query.given(stop_at=stop[0], stop_row=stop[1])
    rows = conn.execute(
        text(
            f"{query.prelude}SELECT p.updated_at AS k, p.id AS id FROM {source}{query.conditions}"
            " ORDER BY p.updated_at DESC, p.id DESC LIMIT :limit"
        ),
        query.given(limit=limit),
    )
    found: list[tuple[Key, int]] = [((r.k, r.id), r.id) for r in rows]
    return Stretch(found, None if stop is None or len(found) == limit else tuple(stop))


def few(conn: Connection, project: Project, wanted: Wanted, line: Line) -> list[int] | None:
    """The ids of all prompts that fit, words aside, when one condition leaves few; None when none does."""
    query = _Query(project, line, wanted)
    if wanted.module:
        query.given(low=wanted.module + "/", high=after(wanted.module + "/"))
        query.where.append("p.path > :low AND p.path < :high")
    candidates = _few_candidates(conn, query)
    if candidates is None and query.since is not None and _few_changed(conn, query):
        candidates = _changed(query)
    if candidates is None:
        return None
    if query.since is not None:
        query.where.append("p.updated_at >= :since")
    query.candidates(candidates)
    query.probe(line.facets)
    query.without("p.id")
    rows = conn.execute(
        text(
            f"{query.prelude}SELECT p.id FROM few JOIN prompt p ON p.id = few.id"
            f" WHERE {query.of_project}{query.conditions}"
        ),
        query.params,
    )
    return list(rows.scalars())


class _Query:
    """The parts of one statement and its parameters."""

    def __init__(self, project: Project, line: Line, wanted: Wanted) -> None:
        self.line = line
        self.wanted = wanted
        self.since = wanted.changed_since
        self.where: list[str] = []
        self.prelude = ""
        self.params: dict[str, Any] = {"project": project.id}
        if self.since is not None:
            self.params["since"] = self.since
        gone = "IS NOT NULL" if line.archived else "IS NULL"
        self.of_project = f"p.project_id = :project AND p.archived_at {gone}"

    def given(self, **params: Any) -> dict[str, Any]:
        self.params.update(params)
        return self.params

    def candidates(self, statement: str) -> None:
        """Read the ids of `statement` first, whatever the planner thinks."""
        self.prelude = f"WITH few(id) AS MATERIALIZED ({statement}) "

    def probe(self, facets: Sequence[Found], row: str = "p.id") -> None:
        self._look_up([facet.id for facet in facets], row, "IS NOT NULL")

    def without(self, row: str) -> None:
        self._look_up(self.line.without, row, "IS NULL")

    def _look_up(self, facets: Sequence[int], row: str, verdict: str) -> None:
        for facet in facets:
            name = f"f{len(self.params)}"
            self.params[name] = facet
            self.where.append(
                f"(SELECT 1 FROM prompt_facet x WHERE x.prompt_id = {row}"
                f" AND x.facet_id = :{name}) {verdict}"
            )

    @property
    def conditions(self) -> str:
        return "".join(f" AND {condition}" for condition in self.where)


def _sorted_by_path(conn: Connection, query: _Query, limit: int) -> Stretch:
    query.without("p.id")
    within = "p.path > :low" + (" AND p.path < :high" if "high" in query.params else "")
    rows = conn.execute(
        text(
            f"{query.prelude}SELECT p.path AS k, p.id AS id FROM few JOIN prompt p ON p.id = few.id"
            f" WHERE {within}{query.conditions} ORDER BY p.path LIMIT :limit"
        ),
        query.given(limit=limit),
    )
    return Stretch([((r.k,), r.id) for r in rows])


def _changed(query: _Query) -> str:
    return f"SELECT p.id FROM prompt p WHERE {query.of_project} AND p.updated_at >= :since"


def _few_changed(conn: Connection, query: _Query) -> bool:
    """Whether so few prompts changed since that they are read at once."""
    rarest = query.line.rarest
    if rarest is not None and rarest.prompts <= FEW:
        return False
    rows = f"SELECT 1 FROM prompt p WHERE {query.of_project} AND p.updated_at >= :since"
    return _at_most_few(conn, query, rows)


def _few_candidates(conn: Connection, query: _Query) -> str | None:
    """The statement that gives few prompts among which all that fit are; None where there is none."""
    rarest = query.line.rarest
    if rarest is not None and rarest.prompts <= FEW:
        query.given(driver=rarest.id)
        within = " AND d.path > :low AND d.path < :high" if query.wanted.module else ""
        return f"SELECT d.prompt_id FROM prompt_facet d WHERE d.facet_id = :driver{within}"
    if query.wanted.module:
        rows = f"prompt p WHERE {query.of_project} AND p.path > :low AND p.path < :high"
        if _at_most_few(conn, query, f"SELECT 1 FROM {rows}"):
            return f"SELECT p.id FROM {rows}"
    return None


def _at_most_few(conn: Connection, query: _Query, rows: str) -> bool:
    counted = text(f"SELECT count(*) FROM ({rows} LIMIT :most) AS counted")
    return int(conn.execute(counted, query.given(most=FEW + 1)).scalar_one()) <= FEW


def _bound(conn: Connection, query: _Query, ordered: str) -> tuple[Any, ...] | None:
    """The key of the last prompt this page may look at; None where every prompt fits or they end before."""
    if not query.where:
        return None
    row = conn.execute(
        text(f"{ordered} LIMIT 1 OFFSET :budget"), query.given(budget=BUDGET - 1)
    ).first()
    return None if row is None else tuple(row)
