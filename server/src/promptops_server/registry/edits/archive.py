"""Archive a prompt: a commit on `main` that removes its file. Owns nothing of what is live.

Versions, numbers and addresses stay; putting the prompt again continues its numbers. What is live stays live until a
release says otherwise: the answer names where.
"""

from __future__ import annotations

from dataclasses import dataclass

from promptops.format.names import fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, PreconditionRequired
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry import rows
from promptops_server.registry.edits.put import MAIN, check_message
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.model import LivePlace, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.record import author_of, record_steps, states_of
from promptops_server.registry.steps import Change, Step, number_steps
from promptops_server.registry.versions import get_version, no_prompt


@dataclass(frozen=True, slots=True)
class Archived:
    """`newest` is the prompt's last version; `live` where some version of it still is."""

    newest: Version
    commit: str
    message: str
    live: tuple[LivePlace, ...]


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
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        head = rows.head(tx.conn, found.id, path)
        if head is None or head.archived or head.path != path:
            raise no_prompt(found, path)
        if parent is None:
            raise PreconditionRequired(
                f"Say which version of {project}/{path} you saw; its newest is {head.latest}.",
                remedy=f'Send If-Match: "v{head.latest}".',
                latest=head.latest,
            )
        if parent != head.latest:
            raise Conflict(
                f"{project}/{path} is at version {head.latest} now, not {parent}.",
                remedy="Look at what changed before archiving it.",
                slug="stale-version",
                current={"version": head.latest},
            )
        commit = commit_blobs(
            tx,
            found.id,
            ref=MAIN,
            parent=read.ref(tx.conn, found.id, MAIN),
            changes={head.file_path: None},
            author=author_of(tx.conn, actor),
            message=said,
        )
        step = Step(commit.oid, (Change(path, head.extension, head.blob, None),))
        numbering = number_steps([step], states_of([head]))
        record_steps(tx, actor, found, numbering, heads={fold(path): head}, contents={}, said={})
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
                after={"archived": True, "commit": commit.oid},
                reason=said,
            ),
            project_id=found.id,
        )
        return Archived(newest, commit.oid, said, tuple(places))
