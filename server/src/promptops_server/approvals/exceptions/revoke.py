"""Revoke an exception before it ends: by who requested it, or by anybody who might have accepted it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    check_said,
    require_decider,
    require_person,
)
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.model import RuleException, over
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def revoke_exception(
    deps: ContinuityDeps, actor: Actor, project: Project, name: str, reason: str
) -> RuleException:
    """From now on the rule holds again; a request that was not accepted is withdrawn.

    Raises:
        Conflict: it has expired, or was revoked already.
        Denied: neither the requester nor of the control function.
        NotFound: there is none.
    """
    require_readable(deps.authorise, actor, project.name)
    said = check_said("reason", reason, least=3)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        found = store.get(tx.conn, project.id, name)
        rule = "exception.own"
        if found.requested_identity == actor.identity:
            require_person(actor, "exception:accept", operator_tokens_decide=True)
        else:
            rule = require_decider(
                deps.authorise,
                actor,
                "exception:accept",
                Resource(
                    project.name,
                    path=found.scope.removesuffix("/") or None,
                    environment=found.environment,
                ),
                operator_tokens_decide=deps.operator_tokens_decide,
            ).rule
        state = found.state(tx.now)
        if state not in ("requested", "accepted"):
            raise over(found, state)
        made = store.complete(
            tx.conn,
            found,
            revoked_at=tx.now,
            revoked_by=actor.subject,
            revoked_name=actor.name,
            revoked_reason=said,
        )
        told = {"event": "exception.revoked", "project": project.name, "exception": made.name}
        outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
        record(
            tx,
            AuditEvent(
                action="exception.revoke",
                object=AuditObject("exception", f"{project.name}#{made.name}"),
                actor=actor,
                project=project.name,
                environment=made.environment,
                before={"state": state, "rule": made.rule, "scope": made.scope},
                after={"state": "revoked"},
                reason=said,
                rule=rule,
            ),
            project_id=project.id,
        )
    return made
