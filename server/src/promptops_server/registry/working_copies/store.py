"""The rows of `working_copy`: prepared statements and their values. Decides nothing.

Every change names the revision it was made from and says whether it found it: that one comparison is what keeps two
tabs, a commit and a rebase from losing each other's text.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from promptops_server.access.tables import user
from promptops_server.infra.actor import Actor
from promptops_server.infra.cursor import Page, decode, page
from promptops_server.infra.ids import new_id
from promptops_server.registry.model import Project
from promptops_server.registry.tables import project
from promptops_server.registry.working_copies.model import Share, Undoable, WorkingCopy
from promptops_server.registry.working_copies.tables import working_copy as table

_SMALL = [c for c in table.c if c.name not in ("text", "undo_text")]
_OWNED = (
    select(*_SMALL, table.c.text, user.c.name.label("owner_name"))
    .outerjoin(user, user.c.id == table.c.owner)
    .where(
        table.c.owner == bindparam("owner"),
        table.c.project_id == bindparam("project_id"),
        table.c.path == bindparam("path"),
    )
)
_OWNED_LOCKED = _OWNED.with_for_update(of=table)
# A link of somebody who was deactivated leads nowhere.
_SHARED = (
    select(*_SMALL, table.c.text, user.c.name.label("owner_name"), project.c.name)
    .join(user, user.c.id == table.c.owner)
    .join(project, project.c.id == table.c.project_id)
    .where(table.c.share_id == bindparam("share_id"), user.c.active.is_(True))
)
_PAGE = (
    select(*_SMALL)
    .where(
        table.c.owner == bindparam("owner"),
        table.c.project_id == bindparam("project_id"),
        table.c.path > bindparam("after"),
    )
    .order_by(table.c.path)
    .limit(bindparam("limit"))
)
_INSERT = insert(table)
_AT = (table.c.id == bindparam("b_id")) & (table.c.revision == bindparam("b_revision"))
_SAVED: dict[str, Any] = {
    name: bindparam(name) for name in ("text", "parent", "message", "updated_at")
}
_SAVE = update(table).where(_AT).values(revision=table.c.revision + 1, **_SAVED)
_REPLACE = (
    update(table)
    .where(_AT)
    .values(
        revision=table.c.revision + 1,
        undo_text=table.c.text,
        undo_parent=table.c.parent,
        undo=bindparam("undo"),
        **_SAVED,
    )
)
_DELETE = delete(table).where(table.c.id == bindparam("b_id"))
_UNTOUCHED = select(table.c.id).where(table.c.updated_at < bindparam("before")).limit(200)


def find(
    conn: Connection, project: Project, owner: str, path: str, *, lock: bool = False
) -> WorkingCopy | None:
    """A person's copy of a path. `lock` keeps it as it is until the end of the transaction."""
    given = {"owner": owner, "project_id": project.id, "path": path}
    row = conn.execute(_OWNED_LOCKED if lock else _OWNED, given).first()
    return None if row is None else _copy(row, project.name, row.owner_name or owner, row.text)


def find_shared(conn: Connection, share_id: str, now: int) -> WorkingCopy | None:
    """The copy an open link leads to, while its owner is active."""
    row = conn.execute(_SHARED, {"share_id": share_id}).first()
    if row is None:
        return None
    found = _copy(row, row.name, row.owner_name, row.text)
    return found if found.share is not None and found.share.open_at(now) else None


def owned_page(
    conn: Connection, project: Project, owner: Actor, *, limit: int, cursor: str | None
) -> Page[WorkingCopy]:
    """A page of a person's copies by path, without their texts. Raises BadRequest for a foreign cursor."""
    given = {
        "owner": owner.subject,
        "project_id": project.id,
        "after": decode(cursor, str)[0] if cursor else "",
        "limit": limit + 1,
    }
    rows = conn.execute(_PAGE, given).all()
    copies = [_copy(row, project.name, owner.name) for row in rows]
    return page(copies, limit, lambda copy: (copy.path,))


def create(
    conn: Connection,
    project: Project,
    owner: Actor,
    path: str,
    *,
    text: str,
    parent: int | None,
    message: str,
    now: int,
) -> None:
    """A new copy. Raises IntegrityError when another request made it first (on PostgreSQL)."""
    conn.execute(
        _INSERT,
        {
            "id": new_id(),
            "project_id": project.id,
            "owner": owner.subject,
            "path": path,
            "parent": parent,
            "revision": 1,
            "created_at": now,
            "updated_at": now,
            "message": message,
            "text": text,
        },
    )


def save(
    conn: Connection,
    copy: WorkingCopy,
    *,
    text: str,
    parent: int | None,
    message: str,
    now: int,
    undo: Undoable | None = None,
) -> bool:
    """The next revision; False when the copy is no longer as `copy` says. `undo` keeps the text before."""
    given = {
        "b_id": copy.id,
        "b_revision": copy.revision,
        "text": text,
        "parent": parent,
        "message": message,
        "updated_at": now,
    }
    if undo is None:
        return conn.execute(_SAVE, given).rowcount == 1
    return conn.execute(_REPLACE, {**given, "undo": undo}).rowcount == 1


def kept_text(conn: Connection, copy: WorkingCopy) -> tuple[str, int | None] | None:
    """Text and parent that undoing would bring back."""
    row = conn.execute(
        select(table.c.undo_text, table.c.undo_parent).where(table.c.id == copy.id)
    ).first()
    return None if row is None or row.undo_text is None else (row.undo_text, row.undo_parent)


def set_share(conn: Connection, copy: WorkingCopy, share: Share | None) -> None:
    """Open, change or end the link."""
    conn.execute(
        update(table)
        .where(table.c.id == copy.id)
        .values(
            share_id=share.id if share else None,
            shared_at=share.created_at if share else None,
            share_expires_at=share.expires_at if share else None,
        )
    )


def remove(conn: Connection, copy: WorkingCopy) -> bool:
    """Delete the row; False when it was gone."""
    return conn.execute(_DELETE, {"b_id": copy.id}).rowcount == 1


def remove_untouched(conn: Connection, before: int) -> int:
    """Delete some copies last saved before a time; returns how many."""
    ids = conn.execute(_UNTOUCHED, {"before": before}).scalars().all()
    if not ids:
        return 0
    # Compared again: somebody may have saved since.
    done = conn.execute(delete(table).where(table.c.id.in_(ids), table.c.updated_at < before))
    return done.rowcount


def _copy(
    row: Row[*tuple[Any, ...]], project_name: str, owner_name: str, text: str = ""
) -> WorkingCopy:
    share = None
    if row.share_id is not None:
        share = Share(row.share_id, row.shared_at, row.share_expires_at)
    return WorkingCopy(
        id=row.id,
        project=project_name,
        path=row.path,
        owner=row.owner,
        owner_name=owner_name,
        parent=row.parent,
        revision=row.revision,
        message=row.message,
        undo=row.undo,
        share=share,
        created_at=row.created_at,
        updated_at=row.updated_at,
        text=text,
    )
