"""Save a working copy: what an editor does every few seconds.

One row is written, guarded by its revision; no project lock, no audit event (see the package).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction, again_if_taken
from promptops_server.infra.problems import BadRequest, PreconditionRequired
from promptops_server.registry import rows
from promptops_server.registry.edits.frame import check_message
from promptops_server.registry.edits.put import may_put, refuse_twins
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project
from promptops_server.registry.versions import find_version
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.model import Seen, WorkingCopy
from promptops_server.registry.working_copies.refusals import check_text, gone, stale, tag_of


@dataclass(frozen=True, slots=True)
class Saved:
    """`created` is True for the first save. `changed` is False when text, parent and message were saved already."""

    copy: WorkingCopy
    created: bool
    changed: bool


def save_copy(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    text: str,
    *,
    seen: Seen | None = None,
    parent: int | None = None,
    message: str | None = None,
) -> Saved:
    """Keep a text as the actor's working copy of a path. What the file contains is never a reason to refuse it.

    Args:
        seen: the state the change was made from; None only to create.
        parent: the version the text was made from, 0 for a prompt that is new. None keeps it; for a new copy it is the
            newest version, if there is one.
        message: what a commit will say, empty for none; None keeps it.

    Raises:
        NotFound, Denied: as for every write of a prompt.
        BadRequest, Invalid, TooLarge: path, parent or message break a rule, or the text cannot be kept.
        PreconditionRequired: there is a copy and no state was named.
        Conflict: the copy is in another state now (`current` has its text), or gone.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    check_text(text)
    said = check_message(message) if message else message

    def write() -> Saved:
        with db.write() as tx:
            found = get_project(tx.conn, project)
            copy = store.find(tx.conn, found, actor.subject, path)
            if copy is None:
                return _create(tx, actor, found, path, text, seen, parent, said or "")
            return _save(tx, found, copy, text, seen, parent, said)

    return again_if_taken(write)


def _create(
    tx: Transaction,
    actor: Actor,
    project: Project,
    path: str,
    text: str,
    seen: Seen | None,
    parent: int | None,
    message: str,
) -> Saved:
    head = rows.head(tx.conn, project.id, path)
    if head is None or head.path != path:
        refuse_twins(tx.conn, project.id, path, head)
    if seen is not None:
        raise gone(project.name, path, head.latest if head else None)
    if parent is None:
        base = head.latest if head and not head.archived else None
    else:
        base = _known(tx.conn, project, path, parent)
    store.create(tx.conn, project, actor, path, text=text, parent=base, message=message, now=tx.now)
    made = store.find(tx.conn, project, actor.subject, path)
    assert made is not None
    return Saved(made, created=True, changed=True)


def _save(
    tx: Transaction,
    project: Project,
    copy: WorkingCopy,
    text: str,
    seen: Seen | None,
    parent: int | None,
    message: str | None,
) -> Saved:
    base = copy.parent if parent is None else parent or None
    said = copy.message if message is None else message
    if (text, base, said) == (copy.text, copy.parent, copy.message):
        return Saved(copy, created=False, changed=False)
    if seen is None:
        refused = stale(copy)
        raise PreconditionRequired(
            f"You have a working copy of {copy.address} already, at revision {copy.revision}.",
            remedy=f"Look at it, then send If-Match: {tag_of(copy)} with your change.",
            **refused.members,
        )
    if not seen.is_now(copy):
        raise stale(copy)
    if base != copy.parent:
        _known(tx.conn, project, copy.path, base or 0)
    if not store.save(tx.conn, copy, text=text, parent=base, message=said, now=tx.now):
        # PostgreSQL: another request saved between our look and our write.
        now = store.find(tx.conn, project, copy.owner, copy.path)
        raise stale(now) if now else gone(project.name, copy.path, None)
    saved = replace(
        copy, revision=copy.revision + 1, text=text, parent=base, message=said, updated_at=tx.now
    )
    return Saved(saved, created=False, changed=True)


def _known(conn: Connection, project: Project, path: str, parent: int) -> int | None:
    if parent == 0:
        return None
    if find_version(conn, project, path, parent) is None:
        raise BadRequest(
            f"{project.name}/{path} has no version {parent}, so nothing can be made from it.",
            slug="unknown-version",
        )
    return parent
