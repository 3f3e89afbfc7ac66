"""Archive a prompt: a commit on `main` that removes its file and its suites. Owns nothing of what is live.

Versions, numbers and addresses stay; putting the prompt again continues its numbers. What is live stays live until a
release says otherwise: the answer names where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promptops.format.names import fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, PreconditionRequired
from promptops_server.registry import rows
from promptops_server.registry.edits.companions import Folders, companions_of, removal
from promptops_server.registry.edits.frame import check_message, commit_edits, locked
from promptops_server.registry.model import LivePlace, Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.projects import require_readable
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import get_version, no_prompt

_LISTED = 100
"""Files that the audit event names."""


@dataclass(frozen=True, slots=True)
class Archived:
    """`newest` is the prompt's last version; `live` where some version of it still is."""

    newest: Version
    commit: str
    message: str
    live: tuple[LivePlace, ...]
    companions: tuple[str, ...] = ()
    """Suite files that were removed with it."""


def archive_prompt(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    live: LiveVersion,
    project: str,
    path: str,
    *,
    parent: int | None,
    message: str | None = None,
) -> Archived:
    """Remove a prompt's file from `main`.

    Args:
        parent: the newest version, as the caller saw it.
        message: why; without one "Archive …" and the path.

    Raises:
        NotFound: no such project or prompt, or not readable, or archived already.
        Denied: the actor may not archive here.
        BadRequest: the path or message breaks a rule.
        PreconditionRequired: no parent was given.
        Conflict: there is a newer version than `parent`.
    """
    require_readable(authorise, actor, project)
    require(authorise, actor, "prompt:archive", Resource(project=project, path=path))
    address_path(path)
    said = check_message(message) or f"Archive {path}"
    with locked(db, project) as (tx, (found,)):
        head = rows.head(tx.conn, found.id, path)
        if head is None or head.archived or head.path != path:
            raise no_prompt(found, path)
        refuse_stale(found, head, parent)
        beside = companions_of(Folders(tx.conn, found.id), [path])
        edit = removal(path, beside)
        done = commit_edits(tx, actor, found, [edit], {fold(path): head}, message=said)
        files = tuple(one.file for one in beside)
        after: dict[str, Any] = {"archived": True, "commit": done.commit}
        if files:
            after["companions"] = list(files[:_LISTED])
        newest = get_version(tx.conn, found, path)
        places = live.where(tx.conn, found.id, [path]).get(path, ())
        record(
            tx,
            AuditEvent(
                action="prompt.archive",
                object=AuditObject("prompt", f"{project}/{path}", version=str(head.latest)),
                actor=actor,
                project=project,
                before={"version": head.latest},
                after=after,
                reason=said,
            ),
            project_id=found.id,
        )
        return Archived(newest, done.commit, said, tuple(places), files)


def refuse_stale(project: Project, head: Head, parent: int | None) -> None:
    """Raises PreconditionRequired or Conflict unless `parent` is the newest version."""
    address = f"{project.name}/{head.path}"
    if parent is None:
        raise PreconditionRequired(
            f"Say which version of {address} you saw; its newest is {head.latest}.",
            remedy=f'Send If-Match: "v{head.latest}".',
            latest=head.latest,
        )
    if parent != head.latest:
        raise Conflict(
            f"{address} is at version {head.latest} now, not {parent}.",
            remedy="Look at what changed first.",
            slug="stale-version",
            current={"version": head.latest},
        )
