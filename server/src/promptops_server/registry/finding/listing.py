"""What is in a project: pages of prompts by path or by search, and the modules at one level.

Every page is read in the order of an index from where the last one ended, so it costs the same at any depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, select

from promptops_server.infra.cursor import Page, decode, encode, page
from promptops_server.registry import search
from promptops_server.registry.model import Project, Prompt
from promptops_server.registry.paths import address_path
from promptops_server.registry.rows import after, as_prompt, tag_key
from promptops_server.registry.tables import prompt, prompt_tag

_MOST_SCANNED = 256
_PATHS = (
    select(prompt.c.path)
    .where(
        prompt.c.project_id == bindparam("project_id"),
        prompt.c.path >= bindparam("low"),
        prompt.c.path < bindparam("high"),
        prompt.c.archived_at.is_(None),
    )
    .order_by(prompt.c.path)
    .limit(bindparam("scan"))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prompts. `module` takes everything below it; `archived` and `valid` None take both kinds."""

    module: str = ""
    tag: str = ""
    q: str = ""
    archived: bool | None = False
    valid: bool | None = None


def list_prompts(
    conn: Connection, project: Project, wanted: Wanted, *, limit: int, cursor: str | None = None
) -> Page[Prompt]:
    """A page of prompts by path; with `q`, those that match in path or name first, each group newest first.

    Raises:
        BadRequest: the cursor is not from this list, or the module breaks the grammar.
    """
    if wanted.module:
        address_path(wanted.module)
    if wanted.q.strip():
        return _search(conn, project, wanted, limit, cursor)
    last = decode(cursor, str)[0] if cursor else ""
    statement = _by_tag(project, wanted, last) if wanted.tag else _by_path(project, wanted, last)
    if wanted.archived is not None:
        gone = prompt.c.archived_at
        statement = statement.where(gone.is_not(None) if wanted.archived else gone.is_(None))
    if wanted.valid is not None:
        statement = statement.where(prompt.c.valid.is_(wanted.valid))
    rows = conn.execute(statement.limit(limit + 1)).all()
    return page([as_prompt(project, row) for row in rows], limit, lambda p: (p.path,))


def _by_path(project: Project, wanted: Wanted, last: str) -> Select[Any]:
    path = prompt.c.path
    statement = select(prompt).where(prompt.c.project_id == project.id).order_by(path)
    return _between(statement, path, wanted, last)


def _by_tag(project: Project, wanted: Wanted, last: str) -> Select[Any]:
    path = prompt_tag.c.path
    statement = (
        select(prompt)
        .join(prompt_tag, prompt_tag.c.prompt_id == prompt.c.id)
        .where(
            prompt_tag.c.project_id == project.id,
            prompt_tag.c.tag == tag_key(wanted.tag),
        )
        .order_by(path)
    )
    return _between(statement, path, wanted, last)


def _between(statement: Select[Any], path: Column[Any], wanted: Wanted, last: str) -> Select[Any]:
    """After the last page and inside the module; one lower bound, since SQLite seeks to one only."""
    low = wanted.module + "/" if wanted.module else ""
    statement = statement.where(path > max(last, low))
    return statement.where(path < after(low)) if low else statement


def _search(
    conn: Connection, project: Project, wanted: Wanted, limit: int, cursor: str | None
) -> Page[Prompt]:
    last = decode(cursor, int, int) if cursor else None
    filters: list[str] = []
    params: dict[str, str] = {}
    if wanted.archived is not None:
        filters.append(f"AND prompt.archived_at IS {'NOT ' if wanted.archived else ''}NULL")
    if wanted.valid is not None:
        filters.append(f"AND {'' if wanted.valid else 'NOT '}prompt.valid")
    if wanted.module:
        low = wanted.module + "/"
        filters.append("AND prompt.path >= :module_low AND prompt.path < :module_high")
        params.update(module_low=low, module_high=after(low))
    if wanted.tag:
        filters.append(
            "AND EXISTS (SELECT 1 FROM prompt_tag"
            " WHERE prompt_tag.prompt_id = prompt.id AND prompt_tag.tag = :tag)"
        )
        params["tag"] = tag_key(wanted.tag)
    found = search.find(
        conn,
        project.id,
        wanted.q,
        after=(last[0], last[1]) if last else None,
        limit=limit + 1,
        filters=" ".join(filters),
        params=params,
    )
    shown = found[:limit]
    rows = conn.execute(select(prompt).where(prompt.c.id.in_([row for _, row in shown])))
    by_id = {row.id: as_prompt(project, row) for row in rows}
    return Page(
        [by_id[row] for _, row in shown], encode(*shown[-1]) if len(found) > limit else None
    )


def list_modules(
    conn: Connection, project: Project, module: str = "", *, limit: int, cursor: str | None = None
) -> Page[str]:
    """The modules directly below `module` (or the project) that hold a prompt not archived, by path.

    Raises:
        BadRequest: the cursor is not from here, or the module breaks the grammar.
    """
    base = address_path(module) + "/" if module else ""
    end = after(base) if base else "\U0010ffff"
    last = decode(cursor, str)[0] if cursor else ""
    position = after(last + "/") if last else base
    found: list[str] = []
    # From each module jump behind its last prompt: the cost is that of the modules, not of the prompts in them.
    scan = 1
    while len(found) <= limit:
        given = {"project_id": project.id, "low": position, "high": end, "scan": scan}
        rows = conn.execute(_PATHS, given).all()
        position = ""
        for row in rows:
            name, slash, _ = row.path[len(base) :].partition("/")
            if slash:
                found.append(base + name)
                position = after(base + name + "/")
                break
        if position:
            scan = 1
        elif len(rows) < scan:
            break
        else:
            position = rows[-1].path + "!"  # nothing a path may hold sorts before "!"
            scan = min(scan * 4, _MOST_SCANNED)
    return page(found, limit, lambda m: (m,))
