"""The versions of one prompt, newest first."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam

from promptops.format.names import fold
from promptops_server.infra.cursor import Page, decode, page
from promptops_server.registry.model import Project, Version
from promptops_server.registry.rows import VERSION, as_version
from promptops_server.registry.tables import prompt, version
from promptops_server.registry.versions import no_prompt

_PAGE = (
    VERSION.where(
        prompt.c.project_id == bindparam("project_id"),
        prompt.c.path_fold == bindparam("path_fold"),
        prompt.c.path == bindparam("path"),
        version.c.number < bindparam("below"),
    )
    .order_by(version.c.number.desc())
    .limit(bindparam("limit"))
)


def list_versions(
    conn: Connection, project: Project, path: str, *, limit: int, cursor: str | None = None
) -> Page[Version]:
    """A page of a prompt's versions, also of an archived one. The last has `moved_from` when it came by a move.

    Raises:
        NotFound: there never was such a prompt.
        BadRequest: the cursor is not from here.
    """
    below = decode(cursor, int)[0] if cursor else 2**31 - 1
    found = conn.execute(
        _PAGE,
        {
            "project_id": project.id,
            "path_fold": fold(path),
            "path": path,
            "below": below,
            "limit": limit + 1,
        },
    ).all()
    if not found and not cursor:
        raise no_prompt(project, path)
    return page([as_version(project, row) for row in found], limit, lambda v: (v.number,))
