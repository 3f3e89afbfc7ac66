"""The modules at one level of a project. From each module reading jumps behind its last prompt."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from promptops_server.infra.cursor import Page, decode, page
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.rows import IN_RANGE, after
from promptops_server.registry.tables import prompt

_MOST_SCANNED = 256
_PATHS = select(prompt.c.path).where(*IN_RANGE).order_by(prompt.c.path).limit(bindparam("scan"))


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
