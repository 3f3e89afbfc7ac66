"""Push now: try at once, whatever the last attempt said. For whoever has put right what kept the mirror back."""

from __future__ import annotations

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.access import existing, may_manage
from promptops_server.registry.mirror.model import Mirror
from promptops_server.registry.projects import get_project


def push_now(db: Database, actor: Actor, authorise: Authorise, project: str) -> Mirror:
    """Queue an attempt; returns the mirror, which is `pending` then. Nothing changes, so nothing is audited.

    Raises:
        NotFound, Denied: see `may_manage`; or there is no mirror.
        Conflict: it is paused.
    """
    may_manage(authorise, actor, project)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        mirror = existing(tx.conn, found)
        refuse_paused(mirror, project)
        store.change(tx.conn, mirror.id, {"requested_at": tx.now})
        queue_push(tx, found.id)
        return existing(tx.conn, found)


def refuse_paused(mirror: Mirror, project: str) -> None:
    """Raises Conflict when the mirror is paused."""
    if not mirror.enabled:
        raise Conflict(
            f"The mirror of {project} is paused.",
            remedy=f"Resume it: promptops mirror resume {project}",
            slug="mirror-paused",
        )
