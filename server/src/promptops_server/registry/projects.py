"""Projects: create, list, get. Owns the table `project`; its repository is made by `git`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from promptops.format.names import InvalidName, check_name, fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.cursor import Page, decode, page
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import BadRequest, Conflict, NotFound
from promptops_server.registry.git.write import create_repository
from promptops_server.registry.model import Project
from promptops_server.registry.ports import ProjectHook
from promptops_server.registry.tables import project as table

MAX_TITLE = 200
MAX_DESCRIPTION = 4_000
_SCAN = 200

_BY_NAME = select(table).where(table.c.name_fold == bindparam("name_fold"))
_BY_ID = select(table).where(table.c.id == bindparam("project_id"))
_INSERT = insert(table)


def create_project(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    name: str,
    title: str = "",
    description: str = "",
    *,
    on_created: Sequence[ProjectHook] = (),
    keep: Callable[[Transaction, Project], None] | None = None,
) -> Project:
    """Create a project with its empty repository; `title` defaults to the name.

    `keep` is called last in the transaction: where a route stores its answer (`infra.idempotency`).

    Raises:
        Denied: the actor may not create projects.
        BadRequest: the name breaks the grammar, or a text is too long.
        Conflict: a project of this name, or one differing only by case, exists.
    """
    check_new_project(actor, authorise, name, title, description)
    try:
        with db.write() as tx:
            made = create_project_in(tx, actor, name, title, description, on_created=on_created)
            if keep is not None:
                keep(tx, made)
        return made
    except IntegrityError as error:  # two requests at once on PostgreSQL
        raise _taken(name, None) from error


def check_new_project(
    actor: Actor, authorise: Authorise, name: str, title: str, description: str
) -> None:
    """What can be refused before a transaction. Raises as `create_project`."""
    require(authorise, actor, "project:create", Resource(project=name))
    try:
        check_name(name)
    except InvalidName as error:
        raise BadRequest(f"This cannot be a project's name: {error}.", slug="bad-name") from error
    if len(title) > MAX_TITLE:
        raise BadRequest(f"The title is longer than {MAX_TITLE} characters.")
    if len(description) > MAX_DESCRIPTION:
        raise BadRequest(f"The description is longer than {MAX_DESCRIPTION:,} characters.")


def create_project_in(
    tx: Transaction,
    actor: Actor,
    name: str,
    title: str,
    description: str,
    *,
    on_created: Sequence[ProjectHook] = (),
) -> Project:
    """The same inside a transaction, after `check_new_project`. Raises Conflict."""
    existing = tx.conn.execute(_BY_NAME, {"name_fold": fold(name)}).first()
    if existing is not None:
        raise _taken(name, existing.name)
    project = Project(new_id(), name, title or name, description, tx.now, actor.subject)
    tx.conn.execute(
        _INSERT,
        {
            "id": project.id,
            "name": name,
            "name_fold": fold(name),
            "title": project.title,
            "description": description,
            "created_at": tx.now,
            "created_by": actor.subject,
        },
    )
    create_repository(tx, project.id)
    record(
        tx,
        AuditEvent(
            action="project.create",
            object=AuditObject("project", name),
            actor=actor,
            project=name,
            after={"name": name, "title": project.title, "description": description},
        ),
        project_id=project.id,
    )
    for hook in on_created:
        hook(tx, actor, project)
    return project


def _taken(name: str, existing: str | None) -> Conflict:
    if existing is None or existing == name:
        return Conflict(
            f"There is a project {name!r} already.", slug="name-taken", current=existing
        )
    return Conflict(
        f"{name!r} differs only by case from the project {existing!r}.",
        remedy="Choose another name.",
        slug="name-taken",
        current=existing,
    )


def get_project(conn: Connection, name: str) -> Project:
    """The project of exactly this name.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_BY_NAME, {"name_fold": fold(name)}).first()
    if row is None or row.name != name:
        raise no_project(name)
    return _project(row)


def get_project_by_id(conn: Connection, project_id: str) -> Project:
    """Raises NotFound."""
    row = conn.execute(_BY_ID, {"project_id": project_id}).first()
    if row is None:
        raise NotFound("There is no such project.")
    return _project(row)


def may_read(authorise: Authorise, actor: Actor, name: str) -> bool:
    """Whether the actor may see the project at all."""
    return authorise(actor, "project:read", Resource(project=name)).allowed


def require_readable(authorise: Authorise, actor: Actor, name: str) -> None:
    """Raises NotFound when the actor may not read the project: as if it did not exist."""
    if not may_read(authorise, actor, name):
        raise no_project(name)


def no_project(name: str) -> NotFound:
    """Missing and not readable look the same on purpose."""
    return NotFound(
        f"There is no project {name[:120]!r} that you may read.",
        remedy="Names are case-sensitive; `promptops project list` shows yours.",
    )


def list_projects(
    conn: Connection,
    actor: Actor,
    authorise: Authorise,
    *,
    q: str = "",
    limit: int,
    cursor: str | None = None,
) -> Page[Project]:
    """Projects the actor may read, by name; `q` is part of a name or title, in any case.

    Raises:
        BadRequest: the cursor is not from here.
    """
    after = decode(cursor, str)[0] if cursor else ""
    needle = q.strip().lower()
    found: list[Project] = []
    while len(found) <= limit:
        rows = conn.execute(
            select(table).where(table.c.name_fold > after).order_by(table.c.name_fold).limit(_SCAN)
        ).all()
        for row in rows:
            if needle and needle not in row.name_fold and needle not in row.title.lower():
                continue
            if may_read(authorise, actor, row.name):
                found.append(_project(row))
        if len(rows) < _SCAN:
            break
        after = rows[-1].name_fold
    return page(found, limit, lambda p: (fold(p.name),))


def _project(row: Row[*tuple[Any, ...]]) -> Project:
    return Project(row.id, row.name, row.title, row.description, row.created_at, row.created_by)
