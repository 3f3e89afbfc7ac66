"""Share a working copy by link, end the link, follow it, and take the text over.

A link is an address, not a permission: whoever follows it signs in and may read the project. Its id cannot be guessed,
so that only those it was given to find the copy.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database, Transaction, again_if_taken
from promptops_server.infra.problems import BadRequest
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.put import may_put
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, may_read
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.look import get_copy
from promptops_server.registry.working_copies.model import Seen, Share, WorkingCopy
from promptops_server.registry.working_copies.refusals import no_share, stale
from promptops_server.registry.working_copies.save import Saved


def share_copy(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    expires_at: int | None = None,
) -> WorkingCopy:
    """Open a link to the actor's copy; an open link stays the same and gets the new end.

    Args:
        expires_at: microseconds since 1970; None: until it is revoked.

    Raises:
        NotFound, Denied: no such project or copy, or not allowed.
        BadRequest: the end is in the past.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    if expires_at is not None and expires_at <= now_us():
        raise BadRequest(
            f"The link would have expired already, at {to_text(expires_at)}.",
            remedy="Give a time that is still to come, or none.",
        )
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        copy = get_copy(tx.conn, found, actor.subject, path)
        old = copy.share if copy.share and copy.share.open_at(tx.now) else None
        share = (
            replace(old, expires_at=expires_at)
            if old
            else Share(secrets.token_hex(16), tx.now, expires_at)
        )
        if share == old:
            return copy
        store.set_share(tx.conn, copy, share)
        _note(tx, actor, found, copy, "working_copy.share", old, share)
        return replace(copy, share=share)


def unshare_copy(db: Database, actor: Actor, authorise: Authorise, share_id: str) -> WorkingCopy:
    """End a link of the actor's own.

    Raises:
        NotFound: no open link of this actor has this id.
    """
    with db.write() as tx:
        copy = store.find_shared(tx.conn, share_id, tx.now)
        if (
            copy is None
            or copy.owner != actor.subject
            or not may_read(authorise, actor, copy.project)
        ):
            raise no_share()
        found = get_project(tx.conn, copy.project)
        lock_project(tx.conn, found.id)
        store.set_share(tx.conn, copy, None)
        _note(tx, actor, found, copy, "working_copy.unshare", copy.share, None)
        return replace(copy, share=None)


def open_shared(
    conn: Connection, actor: Actor, authorise: Authorise, share_id: str
) -> tuple[Project, WorkingCopy]:
    """The copy behind a link. Raises NotFound, also for those who may not read its project."""
    copy = store.find_shared(conn, share_id, now_us())
    if copy is None or not may_read(authorise, actor, copy.project):
        raise no_share()
    return get_project(conn, copy.project), copy


def take_shared(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    share_id: str,
    *,
    seen: Seen | None = None,
) -> Saved:
    """Make the text behind a link the actor's own working copy, with the same parent.

    A copy the actor has already is replaced only in the state `seen` names, and its text is kept for undoing.

    Raises:
        NotFound: no such link.
        Denied: the actor may not write there.
        Conflict: the actor has a copy of this path with another text; `current` has it.
    """

    def write() -> Saved:
        with db.write() as tx:
            found, theirs = open_shared(tx.conn, actor, authorise, share_id)
            may_put(actor, authorise, found.name, theirs.path)
            mine = store.find(tx.conn, found, actor.subject, theirs.path)
            given: dict[str, Any] = {"text": theirs.text, "parent": theirs.parent, "now": tx.now}
            if mine is None:
                store.create(tx.conn, found, actor, theirs.path, message=theirs.message, **given)
                return Saved(get_copy(tx.conn, found, actor.subject, theirs.path), True, True)
            if (mine.text, mine.parent) == (theirs.text, theirs.parent):
                return Saved(mine, created=False, changed=False)
            if seen is None or not seen.is_now(mine):
                raise stale(mine)
            if not store.save(tx.conn, mine, message=mine.message, undo="take", **given):
                raise stale(get_copy(tx.conn, found, actor.subject, theirs.path))
            return Saved(get_copy(tx.conn, found, actor.subject, theirs.path), False, True)

    return again_if_taken(write)


def _note(
    tx: Transaction,
    actor: Actor,
    project: Project,
    copy: WorkingCopy,
    action: str,
    before: Share | None,
    after: Share | None,
) -> None:
    """The id of a link stays out of the log: who reads the log was not given the link."""

    def told(share: Share | None) -> dict[str, object]:
        if share is None:
            return {"shared": False}
        end = share.expires_at
        return {"shared": True, "expires_at": None if end is None else to_text(end)}

    record(
        tx,
        AuditEvent(
            action=action,
            object=AuditObject("working-copy", copy.address),
            actor=actor,
            project=project.name,
            before=told(before),
            after={**told(after), "revision": copy.revision, "parent": copy.parent},
        ),
        project_id=project.id,
    )
