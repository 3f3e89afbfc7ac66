"""Remove a project's mirror: it is pushed to no more, and its credentials are forgotten. What lies there stays there."""

from __future__ import annotations

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.access import existing, may_manage, unchanged_since
from promptops_server.registry.mirror.set_mirror import audited
from promptops_server.registry.projects import get_project


def remove_mirror(
    db: Database, actor: Actor, authorise: Authorise, project: str, *, seen: int | None = None
) -> None:
    """Forget the mirror.

    Raises:
        NotFound, Denied: see `may_manage`; or there is no mirror.
        Conflict: somebody else changed it.
    """
    may_manage(authorise, actor, project)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        mirror = existing(tx.conn, found)
        unchanged_since(mirror, seen)
        store.remove(tx.conn, mirror.id)
        record(
            tx,
            AuditEvent(
                action="mirror.remove",
                object=AuditObject("mirror", found.name),
                actor=actor,
                project=found.name,
                before=audited(mirror),
            ),
            project_id=found.id,
        )
