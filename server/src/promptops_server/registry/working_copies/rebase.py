"""Rebase a working copy onto the newest version, and undo: a three-way merge of the text.

Merging happens outside the transaction; the copy's revision says whether it is still the text that was merged. A
version that arrives meanwhile leaves the copy one version behind, as if it had arrived a moment later.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format.merge import Labels, Side, marker_lines, merge, settle
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.plain_text import storable
from promptops_server.infra.problems import Conflict, TooLarge
from promptops_server.registry import rows
from promptops_server.registry.content import MAX_FILE_BYTES
from promptops_server.registry.edits.put import may_put
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project
from promptops_server.registry.versions import get_version, version_bytes
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.look import get_copy
from promptops_server.registry.working_copies.model import Seen, Undoable, WorkingCopy, standing
from promptops_server.registry.working_copies.refusals import no_copy, stale

YOURS = "yours (working copy)"


@dataclass(frozen=True, slots=True)
class _Edit:
    text: str
    parent: int | None


def rebase_copy(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    seen: Seen | None = None,
    prefer: Side | None = None,
) -> WorkingCopy:
    """Merge what changed since the copy's parent into the copy, and make the newest version its parent.

    Where both changed the same lines, the text gets conflict markers, or the side of `prefer`, which also settles
    markers that are left from before. The text before can be brought back by `undo_rebase`. A copy that is made from
    the newest version stays as it is.

    Raises:
        NotFound, Denied: no such project or copy, or not allowed.
        Conflict: the copy is not as `seen` says or was saved meanwhile; markers are left and no side is preferred
            (`conflicts-remain`); a version is no text that can be merged (`unmergeable`).
        TooLarge: both texts with their markers are over the limit.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    with db.read() as conn:
        found = get_project(conn, project)
        copy = get_copy(conn, found, actor.subject, path)
        if seen is not None and not seen.is_now(copy):
            raise stale(copy)
        edit = _rebased(conn, found, copy, prefer)
    if (edit.text, edit.parent) == (copy.text, copy.parent):
        return copy
    return _replace(db, found, copy, edit, "rebase")


def undo_rebase(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    seen: Seen | None = None,
) -> WorkingCopy:
    """Bring back text and parent as they were before the last rebase or take; again, and the undo is undone.

    Raises:
        NotFound, Denied: as for a rebase.
        Conflict: the copy is not as `seen` says, or there is nothing to undo.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    with db.read() as conn:
        found = get_project(conn, project)
        copy = get_copy(conn, found, actor.subject, path)
        if seen is not None and not seen.is_now(copy):
            raise stale(copy)
        kept = store.kept_text(conn, copy)
    if kept is None:
        raise Conflict(
            f"There is nothing to undo in the working copy of {copy.address}.",
            remedy="Only a rebase or a take can be undone; single saves are not kept.",
            slug="nothing-to-undo",
        )
    return _replace(db, found, copy, _Edit(*kept), "undo")


def _rebased(conn: Connection, project: Project, copy: WorkingCopy, prefer: Side | None) -> _Edit:
    text = settle(copy.text, prefer) if prefer else copy.text
    head = rows.head(conn, project.id, copy.path)
    if head is None or head.path != copy.path:
        return _Edit(text, copy.parent)
    if not standing(copy.parent, head.latest, archived=head.archived).behind:
        return _Edit(text, copy.parent)
    left = marker_lines(text)
    if left:
        raise Conflict(
            f"The working copy of {copy.address} still holds conflict markers, "
            f"first in line {left[0]}.",
            remedy="Settle them first: by hand, with prefer: yours or theirs, or undo the rebase.",
            slug="conflicts-remain",
        )
    newest = get_version(conn, project, copy.path)
    base = "" if copy.parent is None else _text(conn, project, copy.path, copy.parent)
    theirs = _text(conn, project, copy.path, newest.number)
    labels = Labels(
        YOURS, f"v{copy.parent}" if copy.parent else "nothing", f"v{newest.number} by {_by(newest)}"
    )
    merged = merge(base, text, theirs, labels=labels, prefer=prefer).text
    size = len(merged.encode())
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"Both texts with their conflict markers have {size:,} bytes; "
            f"at most {MAX_FILE_BYTES:,} are allowed.",
            remedy=f"Rebase with prefer: yours or theirs, or save the text you want with "
            f"parent {newest.number}.",
        )
    return _Edit(merged, newest.number)


def _by(version: Version) -> str:
    return " ".join(version.author_name.split())


def _text(conn: Connection, project: Project, path: str, number: int) -> str:
    """The text of a version. Raises Conflict for one that is no text."""
    found = get_version(conn, project, path, number)
    try:
        text = version_bytes(conn, project.id, found).decode()
    except UnicodeDecodeError:
        text = "\0"
    if not storable(text):
        raise Conflict(
            f"Version {number} of {project.name}/{path} is not UTF-8 text, so nothing merges with it.",
            remedy="Save the text you want with the newest version as its parent.",
            slug="unmergeable",
        )
    return text


def _replace(
    db: Database, project: Project, copy: WorkingCopy, edit: _Edit, undo: Undoable
) -> WorkingCopy:
    with db.write() as tx:
        done = store.save(
            tx.conn,
            copy,
            text=edit.text,
            parent=edit.parent,
            message=copy.message,
            now=tx.now,
            undo=undo,
        )
        now = store.find(tx.conn, project, copy.owner, copy.path)
        if now is None:
            raise no_copy(project.name, copy.path)
        if not done:
            raise stale(now)
        return now
