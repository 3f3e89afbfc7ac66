"""Accept an exception: the control function takes the risk, for a rule in a scope it did not write in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    authors_under,
    check_said,
    require_decider,
    require_not,
)
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.model import RuleException, over
from promptops_server.approvals.exempt import may_be_exempt
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import to_text
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def accept_exception(
    deps: ContinuityDeps, actor: Actor, project: Project, name: str, reason: str
) -> RuleException:
    """From now on the rule is set aside where the exception says, until it expires.

    Raises:
        Denied: not of the control function, who requested it, or who ever wrote a version of a prompt in its scope;
            compared are humans, not accounts.
        Conflict: it was accepted or revoked already, or has expired.
        NotFound: there is none.
    """
    require_readable(deps.authorise, actor, project.name)
    said = check_said("reason", reason, least=3)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        found = store.get(tx.conn, project.id, name)
        decided = require_decider(
            deps.authorise,
            actor,
            "exception:accept",
            Resource(
                project.name,
                path=found.scope.removesuffix("/") or None,
                environment=found.environment,
            ),
            operator_tokens_decide=deps.operator_tokens_decide,
        )
        require_not(
            actor,
            {found.requested_identity},
            "separation.requester",
            f"requested exception {found.name}",
        )
        require_not(
            actor,
            authors_under(tx.conn, project.id, found.scope, deps.identities),
            "separation.author",
            f"wrote prompts that exception {found.name} covers",
        )
        state = found.state(tx.now)
        if state != "requested" or not may_be_exempt(found.rule):
            raise over(found, state)
        made = store.complete(
            tx.conn,
            found,
            accepted_at=tx.now,
            accepted_by=actor.subject,
            accepted_identity=actor.identity,
            accepted_name=actor.name,
            accepted_reason=said,
        )
        told = {"event": "exception.accepted", "project": project.name, "exception": made.name}
        outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
        record(
            tx,
            AuditEvent(
                action="exception.accept",
                object=AuditObject("exception", f"{project.name}#{made.name}"),
                actor=actor,
                project=project.name,
                environment=made.environment,
                before={"state": state},
                after={
                    "state": "accepted",
                    "rule": made.rule,
                    "scope": made.scope,
                    "expires_at": to_text(made.expires_at),
                },
                reason=said,
                rule=decided.rule,
            ),
            project_id=project.id,
        )
    return made
