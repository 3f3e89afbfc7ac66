"""One level of a project's tree: the modules directly below a module with how much is in them, then its own prompts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.finding.modules import list_modules
from promptops_server.registry.model import Project, Prompt
from promptops_server.registry.paths import address_path
from promptops_server.registry.rows import IN_RANGE, after, as_prompt
from promptops_server.registry.tables import prompt

MOST_COUNTED = 1_000
"""Prompts of a module that are counted; a larger module is said to have more."""
_MOST_SCANNED = 256
_FIRST_SCANNED = 4
"""Rows read to begin with: there may be a module at once, of which all but the first row were read for nothing."""
_COUNT = select(func.count()).select_from(
    select(prompt.c.path).where(*IN_RANGE).limit(MOST_COUNTED + 1).subquery()
)
_ROWS = select(prompt).where(*IN_RANGE).order_by(prompt.c.path).limit(bindparam("scan"))


@dataclass(frozen=True, slots=True)
class Folder:
    """A module and the number of prompts in it and below, of at most `MOST_COUNTED`; `more`: there are others."""

    path: str
    prompts: int
    more: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A page of a level: modules first, each group by path."""

    modules: list[Folder]
    prompts: list[Prompt]
    next: str | None


def read_level(
    conn: Connection, project: Project, module: str, *, limit: int, cursor: str | None
) -> Level:
    """A page of what is directly below a module; empty means the project itself. Archived prompts are left out.

    Raises:
        BadRequest: the cursor is not from here, or the module breaks the grammar.
    """
    kind, inner = decode(cursor, str, str) if cursor else ("modules", "")
    if kind not in ("modules", "prompts"):
        raise BadRequest(
            "The cursor is not one this list gave out.",
            remedy="Start again without `cursor`.",
            slug="bad-cursor",
        )
    folders: list[Folder] = []
    if kind == "modules":
        page = list_modules(conn, project, module, limit=limit, cursor=inner or None)
        folders = [_counted(conn, project, path) for path in page.items]
        if page.next is not None:
            return Level(folders, [], encode("modules", page.next))
        inner = ""
        if len(folders) == limit:
            return Level(folders, [], encode("prompts", ""))
    prompts = _prompts(conn, project, module, inner, limit - len(folders))
    following = None if prompts.next is None else encode("prompts", prompts.next)
    return Level(folders, prompts.items, following)


def _counted(conn: Connection, project: Project, module: str) -> Folder:
    low = module + "/"
    given = {"project_id": project.id, "low": low, "high": after(low)}
    found = conn.execute(_COUNT, given).scalar_one()
    return Folder(module, min(found, MOST_COUNTED), found > MOST_COUNTED)


def _prompts(
    conn: Connection, project: Project, module: str, last: str, limit: int
) -> Page[Prompt]:
    """Prompts directly in a module after a path. Over each module in between reading jumps."""
    base = address_path(module) + "/" if module else ""
    end = after(base) if base else "\U0010ffff"
    position = last + "!" if last else base  # nothing a path may hold sorts before "!"
    found: list[Prompt] = []
    scan = _FIRST_SCANNED
    while len(found) <= limit:
        given = {"project_id": project.id, "low": position, "high": end, "scan": scan}
        rows = conn.execute(_ROWS, given).all()
        for row in rows:
            name, slash, _ = row.path[len(base) :].partition("/")
            if slash:
                position = after(base + name + "/")
                scan = _FIRST_SCANNED
                break
            found.append(as_prompt(project, row))
            position = row.path + "!"
        else:
            if len(rows) < scan:
                break
            scan = min(scan * 4, limit + 1, _MOST_SCANNED)
    shown = found[:limit]
    more = len(found) > limit
    return Page(shown, shown[-1].path if more and shown else None)
