"""Look at working copies: one with everything said about it, or the list of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops.format.diff import unified
from promptops.format.merge import Conflict, conflicts_in, marker_lines
from promptops.format.names import fold
from promptops_server.infra.actor import Actor
from promptops_server.infra.cursor import Page
from promptops_server.registry import rows
from promptops_server.registry.content import read_content, with_fragments
from promptops_server.registry.model import Project, Version
from promptops_server.registry.tables import prompt, version
from promptops_server.registry.versions import (
    find_version,
    fragment_loader,
    get_version,
    version_text,
)
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.model import Standing, WorkingCopy, standing
from promptops_server.registry.working_copies.refusals import marker_problems, no_copy


@dataclass(frozen=True, slots=True)
class Shown:
    """A working copy and all that is said about it.

    `problems` are the findings in its text, errors and warnings; while conflict markers are left, these are the
    findings. `newest` is the prompt's newest version. `diff` is None unless asked for.
    """

    copy: WorkingCopy
    standing: Standing
    newest: Version | None
    valid: bool
    problems: Sequence[Mapping[str, Any]]
    conflicts: Sequence[Conflict]
    diff: str | None = None


def get_copy(conn: Connection, project: Project, owner: str, path: str) -> WorkingCopy:
    """A person's copy of a path. Raises NotFound."""
    found = store.find(conn, project, owner, path)
    if found is None:
        raise no_copy(project.name, path)
    return found


def show_copy(
    conn: Connection, project: Project, copy: WorkingCopy, *, diff: bool = False
) -> Shown:
    """Everything about a copy; `diff` with the difference to its parent."""
    head = rows.head(conn, project.id, copy.path)
    if head is not None and head.path != copy.path:
        head = None
    stands = standing(
        copy.parent, head.latest if head else None, archived=head is not None and head.archived
    )
    if stands.gone and head is not None:
        moved = _moved_to(conn, project, head)
        stands = Standing(stands.newest, stands.behind, gone=True, moved_to=moved)
    markers = marker_lines(copy.text)
    problems: Sequence[Mapping[str, Any]]
    if markers:
        valid, problems = False, marker_problems(markers)
    else:
        valid, problems = _checked(conn, project, copy.text)
    return Shown(
        copy=copy,
        standing=stands,
        newest=get_version(conn, project, copy.path) if head else None,
        valid=valid,
        problems=problems,
        conflicts=conflicts_in(copy.text) if markers else (),
        diff=_diff(conn, project, copy) if diff else None,
    )


def list_copies(
    conn: Connection,
    project: Project,
    actor: Actor,
    *,
    path: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[tuple[WorkingCopy, Standing]]:
    """The actor's copies in a project by path, only that of `path` if given. Raises BadRequest for a foreign cursor."""
    if path is None:
        page = store.owned_page(conn, project, actor, limit=limit, cursor=cursor)
    else:
        copy = store.find(conn, project, actor.subject, path)
        page = Page([] if copy is None else [copy], None)
    heads = rows.heads(conn, project.id, (copy.path for copy in page.items))
    items = []
    for copy in page.items:
        head = heads.get(fold(copy.path))
        if head is not None and head.path != copy.path:
            head = None
        newest = head.latest if head else None
        stands = standing(copy.parent, newest, archived=head is not None and head.archived)
        items.append((copy, stands))
    return Page(items, page.next)


def _checked(
    conn: Connection, project: Project, text: str
) -> tuple[bool, Sequence[Mapping[str, Any]]]:
    # The text is no blob: naming one spares compressing it.
    content = read_content(text.encode(), stored_as="unsaved")
    content = with_fragments(content, fragment_loader(conn, project))
    return content.valid, content.problems


def _diff(conn: Connection, project: Project, copy: WorkingCopy) -> str:
    before, label = "", "nothing"
    if copy.parent is not None:
        parent = find_version(conn, project, copy.path, copy.parent)
        if parent is not None:
            before, label = version_text(conn, project.id, parent), f"{copy.path}@{copy.parent}"
    return unified(before, copy.text, label, f"{copy.path} (working copy)")


def _moved_to(conn: Connection, project: Project, head: rows.Head) -> str | None:
    """Where the content of an archived address went on; what moved has the same blob there."""
    return conn.execute(
        select(prompt.c.path)
        .join(version, version.c.prompt_id == prompt.c.id)
        .where(
            version.c.project_id == project.id,
            version.c.blob_oid == head.blob,
            version.c.moved_from == f"{head.path}@{head.latest}",
        )
        .order_by(version.c.id.desc())
        .limit(1)
    ).scalar()
