"""Remove a model target: it is called no more, its secret is forgotten, its results stay, its name is free again."""

from __future__ import annotations

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.providers.targets import store
from promptops_server.providers.targets.change import changed_meanwhile, existing, unchanged_since
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.targets.values import audited


def remove_target(deps: TargetDeps, actor: Actor, name: str, *, seen: int | None = None) -> None:
    """Remove the target of this name.

    Raises:
        Denied: the actor may not manage models.
        NotFound: there is no such target.
        Conflict: somebody else changed or removed it since.
    """
    rule = require(deps.authorise, actor, "model:manage", Resource()).rule
    with deps.db.write() as tx:
        before = existing(store.by_name(tx.conn, name), name)
        unchanged_since(before, seen)
        target = before.target
        if not store.remove(tx.conn, target.id, now=tx.now, seen=target.revision):
            raise changed_meanwhile(name)
        record(
            tx,
            AuditEvent(
                "model.remove",
                AuditObject("model", target.name),
                actor,
                before=audited(target),
                rule=rule,
            ),
        )
