"""Request an exception: which rule, where, why, what makes up for it, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptops.format.names import InvalidName, check_environment
from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    check_said,
    check_scope,
    require_decider,
)
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.model import (
    DAY_US,
    MAX_DAYS,
    RuleException,
    check_days,
    check_rule,
)
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import to_text
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, as it came in."""

    rule: str
    reason: str
    control: str
    scope: str = ""
    environment: str | None = None
    days: int = MAX_DAYS


def request_exception(
    deps: ContinuityDeps, actor: Actor, project: Project, wanted: Wanted
) -> RuleException:
    """Keep the request; it sets nothing aside before it is accepted. The days count from now.

    Raises:
        Invalid: a rule that is never set aside, a bad scope or environment, too short texts, too long a time.
        Denied: no person, or one who may not ask for reviews here.
    """
    require_readable(deps.authorise, actor, project.name)
    rule, scope, days = (
        check_rule(wanted.rule),
        check_scope(wanted.scope),
        check_days(wanted.days),
    )
    reason = check_said("reason", wanted.reason)
    control = check_said("control", wanted.control)
    environment = _environment(wanted.environment)
    decided = require_decider(
        deps.authorise,
        actor,
        "review:request",
        Resource(project.name, path=scope.removesuffix("/") or None, environment=environment),
        operator_tokens_decide=True,  # asking decides nothing
    )
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        made = store.add(
            tx.conn,
            id=new_id(),
            project_id=project.id,
            rule=rule,
            scope=scope,
            environment=environment,
            reason=reason,
            control=control,
            requested_at=tx.now,
            requested_by=actor.subject,
            requested_identity=actor.identity,
            requested_name=actor.name,
            expires_at=tx.now + days * DAY_US,
        )
        told = {"event": "exception.requested", "project": project.name, "exception": made.name}
        outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
        record(
            tx,
            AuditEvent(
                action="exception.request",
                object=AuditObject("exception", f"{project.name}#{made.name}"),
                actor=actor,
                project=project.name,
                environment=environment,
                after={
                    "rule": rule,
                    "scope": scope,
                    "control": control,
                    "expires_at": to_text(made.expires_at),
                },
                reason=reason,
                rule=decided.rule,
            ),
            project_id=project.id,
        )
    return made


def _environment(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        check_environment(name)
    except InvalidName as error:
        raise Invalid(f"environment: {error}.", slug="bad-environment") from None
    return name
