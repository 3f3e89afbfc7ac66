"""Saved views: a named list of prompts with its filters, order and columns, for one person or for the project.

Owns the table `view` and who may do what with it: everybody who may read the project saves views and shares them; a
shared one is changed by its maker or an administrator, and every change of a shared one is audited. A personal view is
seen by nobody else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from promptops.format.names import InvalidName, check_name, fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource
from promptops_server.infra.cursor import Page, decode, page
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import BadRequest, Conflict, Denied, NotFound, TooLarge
from promptops_server.registry.finding.tables import view
from promptops_server.registry.model import Project

MAX_VIEWS = 500
"""Shared views of a project, and views of one person in it."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view. `query` holds the parameters of a list of prompts, `maker` a user id, times microseconds."""

    id: str
    name: str
    maker: str
    shared: bool
    query: Mapping[str, Any]
    columns: Sequence[str]
    revision: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What a view is to be."""

    name: str
    shared: bool
    query: Mapping[str, Any]
    columns: Sequence[str]


def list_views(
    conn: Connection, project: Project, actor: Actor, *, limit: int, cursor: str | None = None
) -> Page[View]:
    """The actor's own views and the shared ones, by name.

    Raises:
        BadRequest: the cursor is not from here.
    """
    query = select(view).where(view.c.project_id == project.id, _visible(actor))
    if cursor:
        name, row_id = decode(cursor, str, str)
        query = query.where(
            or_(view.c.name_fold > name, (view.c.name_fold == name) & (view.c.id > row_id))
        )
    rows = conn.execute(query.order_by(view.c.name_fold, view.c.id).limit(limit + 1)).all()
    return page([_value(row) for row in rows], limit, lambda v: (fold(v.name), v.id))


def find_view(conn: Connection, project: Project, actor: Actor, named: str) -> View:
    """The view of this id or name; among equal names the actor's own.

    Raises:
        NotFound: there is none that the actor may see.
    """
    by = view.c.id == named.lower() if _ID.fullmatch(named) else view.c.name_fold == fold(named)
    rows = conn.execute(select(view).where(view.c.project_id == project.id, _visible(actor), by))
    found = sorted((_value(row) for row in rows), key=lambda v: v.shared)
    if not found or not (found[0].name == named or _ID.fullmatch(named)):
        raise NotFound(
            f"{project.name} has no view {named[:100]!r} that you may see.",
            remedy=f"`promptops view list {project.name}` shows those there are.",
        )
    return found[0]


def create_view(tx: Transaction, actor: Actor, project: Project, draft: Draft) -> View:
    """Save a view. The project lock is held.

    Raises:
        BadRequest: the name breaks the grammar.
        Conflict: the name is taken, also by one that differs only in case.
        TooLarge: there are too many.
    """
    _check_name(draft.name)
    _check_free(tx.conn, project, actor.subject, draft, None)
    mine = _scope(draft.shared, actor.subject)
    many = select(func.count()).where(view.c.project_id == project.id, view.c.scope == mine)
    if tx.conn.execute(many).scalar_one() >= MAX_VIEWS:
        raise TooLarge(
            f"There are {MAX_VIEWS} such views already.", remedy="Remove one that is not used."
        )
    made = View(
        new_id(),
        draft.name,
        actor.subject,
        draft.shared,
        draft.query,
        draft.columns,
        1,
        tx.now,
        tx.now,
    )
    tx.conn.execute(insert(view).values(project_id=project.id, **_row(made)))
    if made.shared:
        _audit(tx, actor, project, "view.create", made, None, made)
    return made


def update_view(
    tx: Transaction,
    actor: Actor,
    authorise: Authorise,
    project: Project,
    named: str,
    draft: Draft,
    revision: int | None,
) -> View:
    """Replace a view. The project lock is held; `revision` is the one the actor saw, None for whichever.

    Raises:
        NotFound, BadRequest: as `find_view` and `create_view`.
        Denied: it is somebody else's, and the actor is no administrator.
        Conflict: it changed since, or the new name is taken.
    """
    before = _to_change(tx.conn, actor, authorise, project, named, revision)
    _check_name(draft.name)
    _check_free(tx.conn, project, before.maker, draft, before.id)
    after = View(
        before.id,
        draft.name,
        before.maker,
        draft.shared,
        draft.query,
        draft.columns,
        before.revision + 1,
        before.created_at,
        tx.now,
    )
    tx.conn.execute(update(view).where(view.c.id == before.id).values(**_row(after)))
    if before.shared or after.shared:
        _audit(tx, actor, project, "view.update", after, before, after)
    return after


def delete_view(
    tx: Transaction,
    actor: Actor,
    authorise: Authorise,
    project: Project,
    named: str,
    revision: int | None,
) -> None:
    """Remove a view. The project lock is held. Raises as `update_view`."""
    before = _to_change(tx.conn, actor, authorise, project, named, revision)
    tx.conn.execute(delete(view).where(view.c.id == before.id))
    if before.shared:
        _audit(tx, actor, project, "view.delete", before, before, None)


def _to_change(
    conn: Connection,
    actor: Actor,
    authorise: Authorise,
    project: Project,
    named: str,
    revision: int | None,
) -> View:
    found = find_view(conn, project, actor, named)
    # No role opens the management of users, so this asks whether the actor acts as an administrator.
    admin = authorise(actor, "user:manage", Resource(project=project.name)).allowed
    if found.maker != actor.subject and not admin:
        raise Denied(
            f"The view {found.name} was made by somebody else.",
            rule="view.maker",
            remedy="Save it under another name, or ask its maker or an administrator.",
            action="view:change",
        )
    if revision is not None and revision != found.revision:
        raise Conflict(
            f"The view {found.name} has changed since you read it.",
            remedy="Read it again and repeat the change.",
            slug="stale-view",
            current={"revision": found.revision},
        )
    return found


def _check_name(name: str) -> None:
    try:
        check_name(name)
    except InvalidName as error:
        raise BadRequest(f"This cannot be a view's name: {error}.", slug="bad-name") from error
    if _ID.fullmatch(name):
        raise BadRequest("A view's name must not look like an id.", slug="bad-name")


def _check_free(
    conn: Connection, project: Project, maker: str, draft: Draft, own_id: str | None
) -> None:
    row = conn.execute(
        select(view.c.id, view.c.name).where(
            view.c.project_id == project.id,
            view.c.scope == _scope(draft.shared, maker),
            view.c.name_fold == fold(draft.name),
        )
    ).first()
    if row is not None and row.id != own_id:
        raise Conflict(
            f"There is a {'shared' if draft.shared else 'personal'} view {row.name} already.",
            remedy="Choose another name, or replace that one.",
            slug="name-taken",
            current={"id": row.id, "name": row.name},
        )


def _audit(
    tx: Transaction,
    actor: Actor,
    project: Project,
    action: str,
    about: View,
    before: View | None,
    after: View | None,
) -> None:
    record(
        tx,
        AuditEvent(
            action=action,
            object=AuditObject("view", f"{project.name}/{about.name}", version=str(about.revision)),
            actor=actor,
            project=project.name,
            before=None if before is None else _told(before),
            after=None if after is None else _told(after),
        ),
        project_id=project.id,
    )


def _told(what: View) -> dict[str, Any]:
    """A view in the audit log; nothing of one that was personal but its existence."""
    if not what.shared:
        return {"name": what.name, "shared": False}
    return {
        "name": what.name,
        "shared": True,
        "query": dict(what.query),
        "columns": list(what.columns),
    }


def _visible(actor: Actor) -> Any:
    return view.c.scope.in_(("", actor.subject))


def _scope(shared: bool, maker: str) -> str:
    return "" if shared else maker


def _row(what: View) -> dict[str, Any]:
    return {
        "id": what.id,
        "scope": _scope(what.shared, what.maker),
        "name": what.name,
        "name_fold": fold(what.name),
        "maker": what.maker,
        "shared": what.shared,
        "query": json.dumps(dict(what.query), ensure_ascii=False, sort_keys=True),
        "columns": json.dumps(list(what.columns)),
        "revision": what.revision,
        "created_at": what.created_at,
        "updated_at": what.updated_at,
    }


def _value(row: Row[*tuple[Any, ...]]) -> View:
    return View(
        row.id,
        row.name,
        row.maker,
        row.shared,
        json.loads(row.query),
        json.loads(row.columns),
        row.revision,
        row.created_at,
        row.updated_at,
    )
