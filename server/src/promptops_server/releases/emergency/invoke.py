"""Break the glass: what an emergency publish must say and who may, and the row that its release begins."""

from __future__ import annotations

import json

from promptops_server.approvals.continuity import TOPIC, require_person
from promptops_server.approvals.model import Emergency
from promptops_server.infra import outbox
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Invalid
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import RATIFY_US, EmergencyPrompt, asked, highest
from promptops_server.releases.model import Environment, check_ticket
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps


def check_incident(emergency: Emergency | None) -> Emergency | None:
    """The emergency with its incident checked; None stays None.

    Raises:
        Invalid: no incident is named, or it is no single line of at most 200 characters.
    """
    if emergency is None:
        return None
    incident = check_ticket(emergency.incident)
    if incident is None:
        raise Invalid(
            "An emergency names its incident.",
            remedy="Give its number, for example INC-123.",
            slug="no-incident",
        )
    return Emergency(incident)


def check_invocation(request: Request, environment: Environment) -> None:
    """Refuse an emergency by a machine, or where nothing has to be waited for.

    Raises:
        Denied: the actor is no person.
        Invalid: the environment asks for no approval.
    """
    if request.emergency is None:
        return
    require_person(request.actor, "emergency:invoke", operator_tokens_decide=True)
    if not environment.approval_required:
        raise Invalid(
            f"{environment.name} asks for no approval: there is no glass to break.",
            remedy="Publish without `emergency`.",
            slug="no-emergency-needed",
        )


def note_invocation(
    deps: ReleaseDeps,
    tx: Transaction,
    request: Request,
    environment: Environment,
    plan: Plan,
    reason: str,
) -> None:
    """Write the row of an emergency whose release is about to be sealed, in its transaction; else nothing."""
    if request.emergency is None:
        return
    contents = [(content.path, content.version) for content in plan.contents]
    papers = deps.papers(tx.conn, request.project, environment.name, contents, tx.now)
    known = {key: papers[key] for key in contents if key in papers}
    prompts = [
        EmergencyPrompt(
            c.path,
            c.version,
            c.behaviour,
            c.record,
            known[c.path, c.version].tier if (c.path, c.version) in known else None,
        )
        for c in plan.contents
    ]
    deadline = tx.now + RATIFY_US
    approvals, from_risk = asked(known[key].demands if key in known else None for key in contents)
    store.add(
        tx.conn,
        prompts,
        id=new_id(),
        project_id=environment.project_id,
        environment_id=environment.id,
        release=environment.head + 1,
        incident=request.emergency.incident,
        reason=reason,
        tier=highest([prompt.tier for prompt in prompts]),
        approvals=approvals,
        from_risk=from_risk,
        authors=json.dumps(sorted({a for paper in known.values() for a in paper.authors})),
        invoked_at=tx.now,
        invoked_by=request.actor.subject,
        invoked_identity=request.actor.identity,
        invoked_name=request.actor.name,
        deadline=deadline,
    )
    told = {
        "event": "emergency.invoked",
        "project": request.project.name,
        "environment": environment.name,
        "release": environment.head + 1,
        "deadline": to_text(deadline),
    }
    outbox.add(tx.conn, TOPIC, environment.project_id, told, tx.now)
