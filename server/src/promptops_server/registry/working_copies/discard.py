"""Discard working copies: one's own, somebody's who left it behind, and those nobody has touched for long."""

from __future__ import annotations

import structlog

from promptops_server.access.users import find_user
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import NotFound
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.put import may_put
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.model import Seen
from promptops_server.registry.working_copies.refusals import no_copy, stale

log = structlog.get_logger(__name__)


def discard_copy(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    seen: Seen | None = None,
) -> None:
    """Throw the actor's own copy away, with its link.

    Raises:
        NotFound, Denied: no such project or copy, or not allowed.
        Conflict: the copy is not as `seen` says.
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        copy = store.find(tx.conn, found, actor.subject, path, lock=True)
        if copy is None:
            raise no_copy(project, path)
        if seen is not None and not seen.is_now(copy):
            raise stale(copy)
        store.remove(tx.conn, copy)


def discard_of(
    db: Database, actor: Actor, authorise: Authorise, project: str, path: str, *, owner: str
) -> None:
    """Throw the copy of another person away, unseen: for what somebody left behind. It is audited.

    Args:
        owner: the person's name.

    Raises:
        NotFound: no such project, person or copy.
        Denied: the actor does not manage people.
    """
    require_readable(authorise, actor, project)
    require(authorise, actor, "user:manage", Resource())
    address_path(path)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        person = find_user(tx.conn, owner)
        copy = store.find(tx.conn, found, person.id, path, lock=True) if person else None
        if person is None or copy is None:
            raise NotFound(f"{owner[:100]!r} has no working copy of {project}/{path}.")
        store.remove(tx.conn, copy)
        record(
            tx,
            AuditEvent(
                action="working_copy.discard",
                object=AuditObject("working-copy", copy.address),
                actor=actor,
                project=project,
                before={"owner": person.name, "revision": copy.revision, "parent": copy.parent},
            ),
            project_id=found.id,
        )


def remove_untouched(db: Database, before: int) -> int:
    """Remove every copy last saved before a time (microseconds since 1970); returns how many.

    In small transactions, so that nobody waits for a large one.
    """
    removed = 0
    while True:
        with db.write() as tx:
            done = store.remove_untouched(tx.conn, before)
        removed += done
        if not done:
            break
    if removed:
        log.info("working_copies_removed", count=removed)
    return removed
