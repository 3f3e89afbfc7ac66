"""Decide about a request: review, validate, approve, ask for changes, reject, withdraw, revoke.

What a decision counts for is `progress`; here it is made: by whom, in which role, about what, signed where asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptops_server import audit
from promptops_server.access.roles import roles_on
from promptops_server.access.signing import Components
from promptops_server.approvals.signing import audited, offered, sign
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.demands import DAY_US, Demands, demands_of
from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.approvals.workflow.events import announce
from promptops_server.approvals.workflow.model import CLOSED, Decision, Step, Verdict
from promptops_server.approvals.workflow.papers import Case, cases_of
from promptops_server.approvals.workflow.ports import (
    Keep,
    WorkflowDeps,
    keep_nothing,
)
from promptops_server.approvals.workflow.progress import Progress, progress
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource, require
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Denied, Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.model import Project
from promptops_server.registry.projects import require_readable
from promptops_server.registry.versions import get_version

ACTIONS: Mapping[str, Action] = {
    "review": "review:review",
    "validate": "review:validate",
    "approve": "review:approve",
    "revoke": "review:revoke",
    "withdraw": "review:request",
}
_ROLES: Mapping[str, tuple[str, ...]] = {
    "review": ("reviewer",),
    "validate": ("validator",),
    "approve": ("risk", "approver"),
    "revoke": ("risk", "approver", "reviewer"),
    "withdraw": ("author", "publisher", "reviewer"),
}
_STEPS: tuple[Step, ...] = ("review", "validate", "approve")
MIN_REASON = 3


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody decides. Without a `step`, a decision in favour is the first one missing that they may make."""

    verdict: str
    """``approve`` (in favour), ``request_changes``, ``reject``, ``withdraw`` or ``revoke``."""
    step: Step | None = None
    reason: str = ""
    accept: frozenset[str] = frozenset()
    """Keys answered `n/a` whose reason is accepted; ``*`` accepts all."""
    conditions: str = ""
    report_hash: str | None = None
    components: Components = field(default_factory=Components)


@dataclass(frozen=True, slots=True)
class Decided:
    """The request after the decision, what it came to, and the decision itself."""

    row: store.RequestRow
    made: store.DecisionRow
    progress: Progress


def decide(
    deps: WorkflowDeps,
    actor: Actor,
    project: Project,
    number: int,
    given: Given,
    *,
    keep: Keep[Decided] = keep_nothing,
) -> Decided:
    """Add a decision to a request.

    Raises:
        NotFound: no such request.
        Denied: the actor may not decide this, wrote part of it, has decided another step, or did not sign.
        NotNow: the request is closed, or waits for another step.
        Invalid: a reason is missing, or reasons of `n/a` answers are not accepted.
    """
    require_readable(deps.authorise, actor, project.name)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        row = store.get_request(tx.conn, project.id, number)
        version = get_version(tx.conn, project, row.path, row.version)
        case = cases_of(tx.conn, project, [version], more=deps.more, now=tx.now)[
            version.path, version.number
        ]
        decisions = store.decisions_of(tx.conn, [row.id])[row.id]
        demands = _demands(deps, case, row)
        before = _progress(deps, case, row, decisions, demands, tx.now)
        verdict = _verdict(deps, actor, project, row, before, given)
        rule = _may(deps, actor, project, row, verdict)
        _check_newest(case, row)
        _check_state(row, before, verdict)
        _check_person(actor, project, case, decisions, verdict)
        accepted = _accepted(case, before, verdict, given)
        _check_reason(verdict, given)
        made = _make(deps, tx, actor, project, row, verdict, accepted, given, demands)
        store.add_decision(tx, row, made)
        after = _progress(deps, case, row, [*decisions, made], demands, tx.now)
        # When it was approved stays known of what was taken back.
        approved_at = row.approved_at if after.state == "revoked" else after.approved_at
        store.set_state(tx, row.id, after.state, approved_at=approved_at)
        row = dataclasses.replace(row, state=after.state, approved_at=approved_at)
        announce(tx, project, row, verdict, actor)
        _record(tx, actor, project, row, made, before, after, rule)
        decided = Decided(row, made, after)
        keep(tx, decided)
        tx.after_commit(deps.wake)
    return decided


def _demands(deps: WorkflowDeps, case: Case, row: store.RequestRow) -> Demands:
    sectors = case.documentation.sectors if case.documentation else ()
    return demands_of(row.request.binding.tier, sectors, deps.more)


def _progress(
    deps: WorkflowDeps,
    case: Case,
    row: store.RequestRow,
    decisions: Collection[store.DecisionRow],
    demands: Demands,
    now: int,
) -> Progress:
    return progress(
        row.request,
        [d.decision for d in decisions],
        now_bound_to=case.binding or row.request.binding,
        authors=case.authors.identities,
        demands=demands,
        now=now,
        lapse_us=deps.more.lapse_days * DAY_US,
    )


def _verdict(
    deps: WorkflowDeps,
    actor: Actor,
    project: Project,
    row: store.RequestRow,
    before: Progress,
    given: Given,
) -> Verdict:
    if given.verdict != "approve":
        return given.verdict  # type: ignore[return-value]
    if given.step is not None:
        return given.step
    resource = Resource(project=project.name, path=row.path)
    may = [s for s in _STEPS if deps.authorise(actor, ACTIONS[s], resource).allowed]
    wanted = [m.step for m in before.missing]
    return next((s for s in wanted if s in may), may[0] if may else (wanted or ["approve"])[0])


def _may(
    deps: WorkflowDeps, actor: Actor, project: Project, row: store.RequestRow, verdict: Verdict
) -> str:
    """The access rule that lets the actor decide so."""
    resource = Resource(project=project.name, path=row.path, tier=row.request.binding.tier)
    if verdict in ACTIONS:
        return require(deps.authorise, actor, ACTIONS[verdict], resource).rule
    # To ask for changes or to reject is open to everybody who could decide in favour.
    answers = [deps.authorise(actor, ACTIONS[step], resource) for step in _STEPS]
    allowed = next((answer for answer in answers if answer.allowed), None)
    return (allowed or require(deps.authorise, actor, "review:review", resource)).rule


def _check_newest(case: Case, row: store.RequestRow) -> None:
    """What is decided about an older request, or about documentation judged by older rules, would count for nothing."""
    if case.request is not None and case.request.id == row.id:
        return
    if case.request is not None:
        raise NotNow(
            f"Request #{case.request.number} stands in the place of request #{row.number}.",
            remedy=f"Decide about #{case.request.number}.",
            slug="request-replaced",
            current={"request": case.request.number},
        )
    raise NotNow(
        f"Records are judged by other rules since request #{row.number} was opened.",
        remedy=f"Ask anew: `promptops review request {case.version.address}`.",
        slug="request-replaced",
    )


def _check_state(row: store.RequestRow, before: Progress, verdict: Verdict) -> None:
    state = before.state
    if verdict == "revoke":
        if state not in ("approved", "lapsed"):
            raise NotNow(
                f"Request #{row.number} is {state.replace('_', ' ')}: there is no approval to revoke.",
                slug="not-approved",
                current={"state": state},
            )
        return
    if state in CLOSED or state == "lapsed" or (state == "approved" and verdict != "withdraw"):
        raise NotNow(
            f"Request #{row.number} is {state.replace('_', ' ')}; nothing is decided about it any more.",
            remedy="An approval is taken back with `revoke`; other content takes a new request.",
            slug="request-closed",
            current={"state": state},
        )
    if verdict in _STEPS and before.missing:
        steps = [m.step for m in before.missing]
        if verdict not in steps:
            raise NotNow(
                f"Request #{row.number} needs no more of this; it waits for: {', '.join(steps)}.",
                slug="step-complete",
                current={"state": state, "missing": steps},
            )
        if verdict == "approve" and steps[0] != "approve":
            raise NotNow(
                f"Request #{row.number} is reviewed before it is approved; it waits for: {', '.join(steps)}.",
                remedy="Let a reviewer decide first.",
                slug="review-first",
                current={"state": state, "missing": steps},
            )


def _check_person(
    actor: Actor,
    project: Project,
    case: Case,
    decisions: Collection[store.DecisionRow],
    verdict: Verdict,
) -> None:
    if verdict != "withdraw" and actor.kind != "person":
        raise Denied(
            f"{actor.name} is no person: service accounts ask for reviews and publish, and decide nothing.",
            rule="review.people",
            remedy="Let a person decide.",
        )
    if verdict in _STEPS and role_of(actor, project.name, case.version.path, verdict) == "admin":
        raise Denied(
            f"{actor.name} holds none of the roles that decide this; an administrator's rights do not replace them.",
            rule="role.missing",
            remedy=f"Let somebody decide who was granted: {', '.join(_ROLES[verdict])}.",
        )
    if verdict not in ("review", "validate", "approve", "reject", "request_changes"):
        return
    if actor.identity in case.authors.identities:
        raise Denied(
            f"{actor.name} wrote part of {case.version.address} since it was last approved, and decides nothing about it.",
            rule="separation.author",
            remedy="Let somebody else decide; `withdraw` takes the request back.",
        )
    mine = [d.decision for d in decisions if d.decision.identity == actor.identity]
    if verdict in _STEPS and mine and mine[-1].verdict in _STEPS:
        raise Denied(
            f"{actor.name} has decided about this request already ({mine[-1].verdict}): one person counts once.",
            rule="separation.one_decision",
            remedy="Let somebody else make this decision.",
        )


def _accepted(case: Case, before: Progress, verdict: Verdict, given: Given) -> frozenset[str]:
    keys = frozenset(case.documentation.not_applicable if case.documentation else ())
    if verdict not in ("review", "approve"):
        return frozenset()
    accepted = keys if "*" in given.accept else given.accept & keys
    unknown = given.accept - keys - {"*"}
    if unknown:
        raise Invalid(
            f"The record does not answer n/a to {', '.join(sorted(unknown))}.",
            remedy=f"It does to: {', '.join(sorted(keys)) or 'nothing'}.",
            slug="not-applicable",
        )
    open_ones = keys.difference(accepted, *(d.accepted for d in before.counted))
    if open_ones:
        assert case.documentation is not None
        reasons = case.documentation.not_applicable
        raise Invalid(
            "The record answers n/a to: "
            + "; ".join(f"{k}: {reasons[k]}" for k in sorted(open_ones))
            + ".",
            remedy="Accept the reasons (`--accept-na KEY`, or all with `--accept-na '*'`), or ask for changes.",
            slug="not-applicable",
            errors=[{"key": f"record.{k}", "message": reasons[k]} for k in sorted(open_ones)],
        )
    return accepted


def _check_reason(verdict: Verdict, given: Given) -> None:
    needs = verdict in ("request_changes", "reject", "revoke")
    if needs and len(given.reason.strip()) < MIN_REASON:
        raise Invalid("A reason is needed.", remedy="Say in a sentence why.", slug="reason")
    if verdict == "validate" and not given.report_hash:
        raise Invalid(
            "A validation rests on a report; its SHA-256 is missing (D23).",
            remedy="Give `report_hash` (`--report-hash`): `sha256sum report.pdf` prints it.",
            slug="report-hash",
        )


def _make(
    deps: WorkflowDeps,
    tx: Transaction,
    actor: Actor,
    project: Project,
    row: store.RequestRow,
    verdict: Verdict,
    accepted: frozenset[str],
    given: Given,
    demands: Demands,
) -> store.DecisionRow:
    binding = row.request.binding
    reason = given.reason.strip()
    signature: dict[str, Any] | None = None
    if (demands.signatures and verdict in _STEPS) or offered(given.components):
        payload = {
            "project": project.name,
            "path": row.path,
            "request": row.number,
            "behaviour": binding.behaviour,
            "record": binding.record,
            "tier": binding.tier,
            "verdict": verdict,
            "accepted": sorted(accepted),
            "conditions": given.conditions,
            "report_hash": given.report_hash,
            "reason": reason,
        }
        signature = sign(
            tx, deps.check_signer, actor, given.components, verdict=verdict, payload=payload
        )
    return store.DecisionRow(
        Decision(
            verdict,
            actor.identity,
            signature["name"] if signature else actor.name,
            role_of(actor, project.name, row.path, verdict),
            tx.now,
            binding,
            reason,
            accepted,
            signature is not None,
        ),
        actor.subject,
        actor.auth_method,
        given.conditions,
        given.report_hash,
        signature,
    )


def role_of(actor: Actor, project: str, path: str, verdict: str) -> str:
    """The role in which somebody decides, for the record."""
    held = roles_on(actor.roles, project, path=path)
    if actor.scope.role is not None:
        held = held & {actor.scope.role}
    for role in _ROLES.get(verdict, ("reviewer", "validator", "risk", "approver")):
        if role in held:
            return role
    return "admin" if actor.admin else "none"


def _record(
    tx: Transaction,
    actor: Actor,
    project: Project,
    row: store.RequestRow,
    made: store.DecisionRow,
    before: Progress,
    after: Progress,
    rule: str,
) -> None:
    binding = row.request.binding
    audit.record(
        tx,
        audit.AuditEvent(
            f"review.{made.decision.verdict}",
            audit.AuditObject(
                "prompt", f"{project.name}/{row.path}", str(row.version), binding.behaviour
            ),
            actor,
            project=project.name,
            before={"state": before.state},
            after={
                "request": row.number,
                "record": binding.record,
                "role": made.decision.role,
                "state": after.state,
                "accepted": sorted(made.decision.accepted),
                "conditions": made.conditions or None,
                "report_hash": made.report_hash,
            },
            reason=made.decision.reason or None,
            rule=rule,
            tier=binding.tier,
            signature=audited(made.signature),
        ),
        project_id=project.id,
    )
