"""Overwrite what somebody else pushed to the mirror: only refs that have diverged, and only the ids that were shown."""

from __future__ import annotations

from collections.abc import Mapping

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.access import existing, may_manage
from promptops_server.registry.mirror.model import Mirror
from promptops_server.registry.mirror.push_now import refuse_paused
from promptops_server.registry.projects import get_project


def overwrite_mirror(
    db: Database, actor: Actor, authorise: Authorise, project: str, refs: Mapping[str, str]
) -> Mirror:
    """Allow the named refs of the mirror to be lost, and push.

    Args:
        refs: full ref name to the object id on the mirror that was shown as diverged. Should the ref have moved there
            once more when the push comes, it is left and has diverged again.

    Raises:
        NotFound, Denied: see `may_manage`; or there is no mirror.
        Conflict: a ref has not diverged, or holds another id than named; or the mirror is paused.
    """
    may_manage(authorise, actor, project)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        mirror = existing(tx.conn, found)
        refuse_paused(mirror, project)
        diverged = {ref.name: ref for ref in mirror.held if ref.why == "diverged"}
        wrong = [
            f"{name} {'holds ' + (diverged[name].there or '')[:12] if name in diverged else 'has not diverged'}"
            for name, oid in refs.items()
            if name not in diverged or diverged[name].there != oid
        ]
        if wrong:
            raise Conflict(
                f"The mirror is not as you saw it: {'; '.join(wrong[:10])}.",
                remedy=f"Look again: promptops mirror show {project}",
                slug="mirror-moved",
                current={name: ref.there for name, ref in diverged.items()},
            )
        store.change(
            tx.conn,
            mirror.id,
            {"overwrite": {**mirror.overwrite, **refs}, "requested_at": tx.now},
        )
        queue_push(tx, found.id)
        record(
            tx,
            AuditEvent(
                action="mirror.overwrite",
                object=AuditObject("mirror", found.name),
                actor=actor,
                project=found.name,
                before={"url": mirror.url, "refs": dict(refs)},
                after={"refs": {name: diverged[name].here for name in refs}},
            ),
            project_id=found.id,
        )
        return existing(tx.conn, found)
