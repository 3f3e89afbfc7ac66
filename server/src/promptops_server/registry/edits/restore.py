"""Restore a prompt: an earlier version's content becomes the next version, byte for byte.

Also brings an archived prompt back, then without naming a version with the content it had last. What was valid when it
was written must be valid now: rules may have become stricter since.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Conflict
from promptops_server.registry.content import Card, Content, card_of, read_content, with_fragments
from promptops_server.registry.edits.archive import refuse_stale
from promptops_server.registry.edits.coming_back import coming_back, companions_before
from promptops_server.registry.edits.companions import Companion, Folders
from promptops_server.registry.edits.frame import (
    Edit,
    FileEdit,
    Keep,
    Seen,
    check_message,
    commit_edits,
)
from promptops_server.registry.edits.put import may_put, refuse_invalid
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import (
    fragment_loader,
    get_version,
    no_prompt,
    version_bytes,
)

_LISTED = 100
"""Files that the audit event names."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`version` is the newest now, with the content of version `source`; `changed` False when it had that already."""

    version: Version
    source: int
    unarchived: bool
    changed: bool
    companions: tuple[str, ...] = ()
    """Suite files that came back with an archived prompt."""


@dataclass(frozen=True, slots=True)
class _Draft:
    seen: tuple[Seen, ...]
    head: Head
    source: Version
    content: Content
    card: Card


def restore_prompt(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    version: int | None = None,
    parent: int | None = None,
    message: str | None = None,
    keep: Keep[Restored] | None = None,
) -> Restored:
    """Make an earlier content of a prompt its next version.

    Args:
        version: whose content; None only for an archived prompt: what it had last.
        parent: the newest version, as the caller saw it; None only for an archived prompt.
        message: why; without one "Restore … to version …".

    Raises:
        NotFound: no such project, prompt or version, or not readable.
        Denied: the actor may not write here.
        BadRequest: the path or message breaks a rule.
        PreconditionRequired: the prompt is not archived and no parent was given.
        Conflict: there is a newer version than `parent`; or no version was named and the prompt is not archived.
        Invalid: the content is not a valid prompt by today's rules.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    said = check_message(message)

    def plan(conn: Connection, projects: tuple[Project, ...]) -> _Draft:
        (found,) = projects
        seen = Seen.of(conn, found.id, [path])
        head = seen.head(path)
        if head is None:
            raise no_prompt(found, path)
        if version is None and not head.archived:
            raise Conflict(
                f"{project}/{path} is not archived, at version {head.latest}.",
                remedy="Name the version whose content you want back.",
                slug="not-archived",
            )
        if not head.archived or parent is not None:
            refuse_stale(found, head, parent)
        source = get_version(conn, found, path, version)
        content = read_content(version_bytes(conn, found.id, source), stored_as=source.blob)
        content = with_fragments(content, fragment_loader(conn, found))
        refuse_invalid(head.file_path, content)
        return _Draft((seen,), head, source, content, card_of(path, content))

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: _Draft) -> Restored:
        (found,) = projects
        head, source = draft.head, draft.source
        if not head.archived and head.blob == source.blob:
            return Restored(get_version(tx.conn, found, path), source.number, False, False)
        back: list[Companion] = []
        if head.archived:
            had = companions_before(tx.conn, found.id, [head]).get(path, ())
            back = coming_back(Folders(tx.conn, found.id), had, path)
        done = commit_edits(
            tx,
            actor,
            found,
            [FileEdit(path, draft.content, beside={one.file: one.blob for one in back})],
            draft.seen[0].heads,
            message=said or f"Restore {path} to version {source.number}"[:500],
            cards={path: draft.card},
        )
        made = done.versions[path]
        files = tuple(one.file for one in back)
        record(tx, _event(actor, made, head, source, files), project_id=found.id)
        return Restored(made, source.number, head.archived, True, files)

    return Edit(plan, apply).run(db, project, keep=keep)


def _event(
    actor: Actor, made: Version, head: Head, source: Version, companions: tuple[str, ...]
) -> AuditEvent:
    return AuditEvent(
        action="prompt.restore",
        object=AuditObject(
            "prompt", f"{made.project}/{made.path}", version=str(made.number), hash=made.behaviour
        ),
        actor=actor,
        project=made.project,
        before={"version": head.latest, "archived": head.archived},
        after={
            "version": made.number,
            "content_of": source.number,
            "commit": made.commit,
            "behaviour": made.behaviour,
            "record": made.record,
            **({"companions": list(companions[:_LISTED])} if companions else {}),
        },
        reason=made.message,
    )
