"""Answer the question whether what is live, its review overdue, is to be suspended: it stays, and why.

The other answer is to suspend it, which ends the question by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.model import Due
from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    authors_of_version,
    check_said,
    require_decider,
    require_not,
)
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.problems import Conflict
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def keep_live(
    deps: ContinuityDeps, actor: Actor, project: Project, due_id: str, reason: str
) -> Due:
    """Keep it live although overdue; new versions stay blocked until it is certified.

    Raises:
        Denied: no approver, or an author of what is live.
        Conflict: nobody asked, or it was answered.
        NotFound: there is no such review, or it is done.
    """
    require_readable(deps.authorise, actor, project.name)
    said = check_said("reason", reason)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        due = store.get(tx.conn, project.id, due_id)
        place = deps.places.names(tx.conn, project.id).get(due.environment_id, "")
        decided = require_decider(
            deps.authorise,
            actor,
            "review:approve",
            Resource(project.name, path=due.path, environment=place),
            operator_tokens_decide=deps.operator_tokens_decide,
        )
        require_not(
            actor,
            authors_of_version(tx.conn, project.id, due.path, due.version, deps.identities),
            "separation.author",
            f"wrote part of {due.path}@{due.version}",
        )
        if due.suspension != "asked":
            raise Conflict(
                f"Whether {due.path} is to be suspended is not asked"
                + (": it was answered." if due.suspension else "."),
                slug="nothing-asked",
                current={"suspension": due.suspension},
            )
        store.change(tx.conn, [due.id], suspension="kept", kept_reason=said, kept_by=actor.subject)
        told = {
            "event": "certification.kept",
            "project": project.name,
            "path": due.path,
            "environment": place,
        }
        outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
        record(
            tx,
            AuditEvent(
                action="certification.keep",
                object=AuditObject(
                    "prompt", f"{project.name}/{due.path}", str(due.version), due.behaviour
                ),
                actor=actor,
                project=project.name,
                environment=place,
                before={"suspension": "asked"},
                after={"suspension": "kept"},
                reason=said,
                rule=decided.rule,
            ),
            project_id=project.id,
        )
        return store.get(tx.conn, project.id, due_id)
