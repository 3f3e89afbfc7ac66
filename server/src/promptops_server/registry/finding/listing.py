"""What is in a project: pages of prompts by path, by change or by search, narrowed by filters.

Every page is read in the order of an index from where the last one ended, so it costs the same at any depth. A page
may be short, or empty, and still have a cursor: see `scan.BUDGET`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from sqlalchemy import Connection, select

from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.registry.facet_rows import find_facets
from promptops_server.registry.facets import CONTENT_KINDS
from promptops_server.registry.finding import matching, scan
from promptops_server.registry.finding.wanted import Wanted, check_wanted
from promptops_server.registry.model import Project, Prompt
from promptops_server.registry.paths import address_path
from promptops_server.registry.rows import after, as_prompt
from promptops_server.registry.search import facet_word
from promptops_server.registry.tables import prompt


def list_prompts(
    conn: Connection, project: Project, wanted: Wanted, *, limit: int, cursor: str | None = None
) -> Page[Prompt]:
    """A page of prompts by path or by change; with `q`, those that match in path or name first, each group newest first.

    Raises:
        BadRequest: the cursor is not from this list, the module breaks the grammar, or `check_wanted` refuses.
    """
    check_wanted(wanted)
    if wanted.module:
        address_path(wanted.module)
    if wanted.q.strip():
        return _search(conn, project, wanted, limit, cursor)
    lines = scan.lines_of(conn, project, wanted)
    if wanted.sort == "changed":
        last = _pair(cursor)
        read = [scan.by_change(conn, project, wanted, line, last, limit + 1) for line in lines]
        return _merged(conn, project, read, limit, newest_first=True)
    path = decode(cursor, str)[0] if cursor else ""
    read = [scan.by_path(conn, project, wanted, line, path, limit + 1) for line in lines]
    return _merged(conn, project, read, limit, newest_first=False)


def _merged(
    conn: Connection,
    project: Project,
    read: Sequence[scan.Stretch],
    limit: int,
    *,
    newest_first: bool,
) -> Page[Prompt]:
    """One page of what was read, archived and not; nothing beyond where one of the two stopped."""
    stops = [stretch.stopped for stretch in read if stretch.stopped is not None]
    stop = None if not stops else max(stops) if newest_first else min(stops)
    found = list(heapq.merge(*(stretch.rows for stretch in read), reverse=newest_first))
    if stop is not None:
        found = [(k, row) for k, row in found if (k >= stop if newest_first else k <= stop)]
    shown = found[:limit]
    following: str | None = None
    if len(found) > limit:
        following = encode(*shown[-1][0])
    elif stop is not None:
        following = encode(*stop)
    return Page(_prompts(conn, project, [row for _, row in shown]), following)


def _search(
    conn: Connection, project: Project, wanted: Wanted, limit: int, cursor: str | None
) -> Page[Prompt]:
    last = _pair(cursor)
    lines = scan.lines_of(conn, project, wanted)
    asked = _asked(conn, project, wanted)
    if not lines or asked is None:
        return Page([], None)
    few = [scan.few(conn, project, wanted, line) for line in lines]
    if all(ids is not None for ids in few):
        ids = [row for some in few for row in some or ()]
        hits = matching.find_among(conn, asked, ids, after=last, limit=limit + 1)
    else:
        hits = matching.find(conn, asked, after=last, limit=limit + 1)
    shown = hits.found[:limit]
    following: str | None = None
    if len(hits.found) > limit:
        following = encode(*shown[-1])
    elif hits.stopped is not None:
        following = encode(*hits.stopped)
    return Page(_prompts(conn, project, [row for _, row in shown]), following)


def _asked(conn: Connection, project: Project, wanted: Wanted) -> matching.Asked | None:
    """The search with its filters; None when some facet has no prompt."""
    filters: list[str] = []
    params: dict[str, object] = {}
    if wanted.archived is not None:
        filters.append(f"prompt.archived_at IS {'NOT ' if wanted.archived else ''}NULL")
    if wanted.module:
        low = wanted.module + "/"
        filters.append("prompt.path >= :module_low AND prompt.path < :module_high")
        params.update(module_low=low, module_high=after(low))
    if wanted.changed_since is not None:
        filters.append("prompt.updated_at >= :since")
        params["since"] = wanted.changed_since
    # Where a prompt is live changes without its words, so the index of words does not know it.
    of_releases = {facet for facet in wanted.facets if facet.kind not in CONTENT_KINDS}
    kinds = (False, True) if wanted.archived is None else (wanted.archived,)
    known = [find_facets(conn, project.id, of_releases, archived) for archived in kinds]
    for number, facet in enumerate(sorted(of_releases)):
        ids = [found[facet].id for found in known if facet in found and found[facet].prompts]
        if not ids:
            return None
        params[f"f{number}"], params[f"g{number}"] = ids[0], ids[-1]
        filters.append(
            "(SELECT 1 FROM prompt_facet x WHERE x.prompt_id = prompt.id"  # noqa: S608
            f" AND x.facet_id IN (:f{number}, :g{number})) IS NOT NULL"
        )
    return matching.Asked(
        project_id=project.id,
        terms=matching.terms_of(wanted.q),
        facets=tuple(sorted(facet_word(project.id, *f) for f in wanted.facets - of_releases)),
        without=tuple(facet_word(project.id, *f) for f in wanted.without),
        module=wanted.module,
        filters=" AND ".join(filters) or "TRUE",
        params=params,
    )


def _pair(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    first, second = decode(cursor, int, int)
    return first, second


def _prompts(conn: Connection, project: Project, ids: Sequence[int]) -> list[Prompt]:
    """The prompts of these row ids, in this order."""
    if not ids:
        return []
    rows = conn.execute(select(prompt).where(prompt.c.id.in_(ids)))
    by_id = {row.id: as_prompt(project, row) for row in rows}
    return [by_id[row] for row in ids]
