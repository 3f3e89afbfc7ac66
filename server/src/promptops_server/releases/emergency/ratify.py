"""Ratify an emergency, or refuse to: by approvers who neither invoked it nor wrote what it made live.

A refusal takes one person; the server then takes the release back at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from promptops_server.access.signing import Components
from promptops_server.approvals.certification.model import PRODUCT, Cadence, Published
from promptops_server.approvals.certification.note import note_release
from promptops_server.approvals.continuity import (
    TOPIC,
    check_said,
    require_decider,
    require_not,
    role_of,
    signed,
)
from promptops_server.approvals.signing import CheckSigner, as_text, audited
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Decision, Resource
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Denied
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import EmergencyRelease, missing, over
from promptops_server.releases.emergency.settle import settle
from promptops_server.releases.model import Environment
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import current_rows

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


NO_COMPONENTS = Components()


@dataclass(frozen=True, slots=True)
class EmergencyDeps:
    """What emergencies stand on beside releases; built by `app`."""

    releases: ReleaseDeps
    operator_tokens_decide: bool = False
    check_signer: CheckSigner | None = None
    cadence: Cadence = field(default=PRODUCT)


def ratify(
    deps: EmergencyDeps,
    actor: Actor,
    project: Project,
    environment: str,
    number: int,
    reason: str,
    components: Components = NO_COMPONENTS,
) -> EmergencyRelease:
    """Confirm what went live without approval. Complete when as many approvers ratified as its tier asks.

    Raises:
        Denied: no person, no approver, the invoker, an author, who ratified already, or not of the control function
            where that is what is missing.
        Conflict: it is over, or its time has ended.
        NotFound: that release was no emergency.
    """

    def work(tx: Transaction, place: Environment, found: EmergencyRelease, may: Decision) -> None:
        if tx.now >= found.deadline:
            raise over(found, f"past its time: it ended at {to_text(found.deadline)}")
        _check_apart(deps, tx, project, place, found, actor)
        role = _role(deps, actor, project, place, found)
        signature = signed(
            tx,
            deps.check_signer,
            actor,
            components,
            needed=found.tier == "high",
            verdict="ratify",
            payload={
                "project": project.name,
                "environment": place.name,
                "release": found.release,
                "incident": found.incident,
                "tier": found.tier,
                "prompts": [[p.path, p.version] for p in found.prompts],
                "verdict": "ratify",
                "reason": reason,
            },
        )
        _decide(tx, found, actor, "ratify", role, reason, as_text(signature))
        now = store.get(tx.conn, place.id, number)
        left = missing(now)
        if left is None:
            store.end(tx.conn, found, "ratified", tx.now, None)
            _begin_reviews(tx, deps, place, found)
        _tell(tx, project, place, found, actor, "ratify", reason, may, left is None, signature)

    return _decision(deps, actor, project, environment, number, work)


def refuse(
    deps: EmergencyDeps, actor: Actor, project: Project, environment: str, number: int, reason: str
) -> EmergencyRelease:
    """Say that it must not stay: the server puts back what was live before, or suspends, in the same moment.

    Raises:
        Denied: no person, or no approver.
        Conflict: it is over.
        NotFound: that release was no emergency.
    """

    def work(tx: Transaction, place: Environment, found: EmergencyRelease, may: Decision) -> None:
        where = Resource(project.name, environment=place.name, approval_required=True)
        role = role_of(deps.releases.authorise, actor, where, "approve")
        _decide(tx, found, actor, "refuse", role, reason, None)
        _tell(tx, project, place, found, actor, "refuse", reason, may, False)
        why = f"Emergency {found.incident} (r{found.release}) was refused: {reason}"
        settle(deps.releases, tx, project, place, found, why[:2000])

    return _decision(deps, actor, project, environment, number, work)


_Work = Callable[[Transaction, Environment, EmergencyRelease, Decision], None]


def _decision(
    deps: EmergencyDeps,
    actor: Actor,
    project: Project,
    environment: str,
    number: int,
    work: _Work,
) -> EmergencyRelease:
    authorise = deps.releases.authorise
    require_readable(authorise, actor, project.name)
    with deps.releases.db.write() as tx:
        lock_project(tx.conn, project.id)
        place = environments.get(tx.conn, project.id, environment)
        found = store.get(tx.conn, place.id, number)
        may = require_decider(
            authorise,
            actor,
            "emergency:ratify",
            Resource(project.name, environment=place.name, approval_required=True),
            operator_tokens_decide=deps.operator_tokens_decide,
        )
        if found.state != "open":
            raise over(found)
        work(tx, place, found, may)
        return store.get(tx.conn, place.id, number)


def _check_apart(
    deps: EmergencyDeps,
    tx: Transaction,
    project: Project,
    place: Environment,
    found: EmergencyRelease,
    actor: Actor,
) -> None:
    contents = [(prompt.path, prompt.version) for prompt in found.prompts]
    papers = deps.releases.papers(tx.conn, project, place.name, contents, tx.now)
    authors = found.authors.union(*(paper.authors for paper in papers.values()))
    require_not(actor, {found.invoked_identity}, "separation.invoker", "invoked this emergency")
    require_not(actor, authors, "separation.author", "wrote part of what it made live")
    require_not(
        actor,
        {decision.identity for decision in found.decisions},
        "separation.decided",
        "ratified it already",
    )


def _role(
    deps: EmergencyDeps, actor: Actor, project: Project, place: Environment, found: EmergencyRelease
) -> str:
    where = Resource(project.name, environment=place.name, approval_required=True)
    role = role_of(deps.releases.authorise, actor, where, "approve")
    left = missing(found)
    if left is not None and left.from_risk and left.count == 1 and role != "risk":
        raise Denied(
            f"What is missing is the control function; {actor.name} does not hold the role risk.",
            rule="separation.from_risk",
            remedy="Let somebody with the role risk ratify it.",
        )
    return role


def _decide(
    tx: Transaction,
    found: EmergencyRelease,
    actor: Actor,
    verdict: Literal["ratify", "refuse"],
    role: str,
    reason: str,
    signature: str | None,
) -> None:
    store.add_decision(
        tx.conn,
        found,
        verdict=verdict,
        subject=actor.subject,
        identity=actor.identity,
        name=actor.name,
        role=role,
        auth_method=actor.auth_method,
        at=tx.now,
        reason=check_said("reason", reason, least=3),
        signature=signature,
    )


def _begin_reviews(
    tx: Transaction, deps: EmergencyDeps, place: Environment, found: EmergencyRelease
) -> None:
    """Ratified content stands as approved from now on, and its periodic review counts from here."""
    rows = current_rows(tx.conn, place.id, [prompt.path for prompt in found.prompts])
    note_release(
        tx,
        place.project_id,
        place.id,
        [
            Published(p.path, p.version, p.behaviour, p.record, p.tier, tx.now)
            for p in found.prompts
            if p.behaviour is not None
            and p.record is not None
            and p.path in rows
            and rows[p.path].state == "live"
            and rows[p.path].version == p.version
        ],
        cadence=deps.cadence,
    )


def _tell(
    tx: Transaction,
    project: Project,
    place: Environment,
    found: EmergencyRelease,
    actor: Actor,
    verb: str,
    reason: str,
    may: Decision,
    complete: bool,
    signature: Mapping[str, Any] | None = None,
) -> None:
    told = {
        "event": "emergency.ratified" if complete else f"emergency.{verb}",
        "project": project.name,
        "environment": place.name,
        "release": found.release,
    }
    outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
    record(
        tx,
        AuditEvent(
            action=f"emergency.{verb}",
            object=AuditObject("release", f"{project.name}@{place.name}", f"r{found.release}"),
            actor=actor,
            project=project.name,
            environment=place.name,
            before={"state": found.state},
            after={"complete": complete},
            reason=reason,
            ticket=found.incident,
            rule=may.rule,
            tier=found.tier,
            signature=audited(signature),
        ),
        project_id=project.id,
    )
