"""Certify what is live: decisions anew about the same content, by people who did not write it. The last moves the date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from promptops_server.access.signing import Components
from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.model import (
    PRODUCT,
    Cadence,
    Decision,
    Due,
    Need,
    Published,
    missing,
)
from promptops_server.approvals.certification.note import note_release
from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    authors_of_version,
    check_said,
    from_risk,
    require_decider,
    require_not,
    role_of,
    signed,
)
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.signing import as_text, audited
from promptops_server.approvals.workflow.model import Step, Tier
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

ACTIONS: dict[Step, Action] = {
    "review": "review:review",
    "validate": "review:validate",
    "approve": "review:approve",
}
_TIERS: tuple[Tier, ...] = ("low", "medium", "high")
NO_COMPONENTS = Components()


@dataclass(frozen=True, slots=True)
class Certified:
    """What a decision came to: the row as it is now, its environment, and what is still missing (nothing: done)."""

    due: Due
    environment: str
    missing: tuple[Need, ...]


def certify(
    deps: ContinuityDeps,
    actor: Actor,
    project: Project,
    path: str,
    reason: str,
    *,
    environment: str | None = None,
    step: Step | None = None,
    cadence: Cadence = PRODUCT,
    components: Components = NO_COMPONENTS,
) -> Certified:
    """Decide anew about what is live at an address; without `step`, the next one that the actor may take.

    Raises:
        Denied: no person, without the role, an author, or who decided on this review already.
        NotFound: nothing is live there under an approval.
        Invalid: it is live in several environments and none is named.
        Conflict: the content was revoked, redacted or retired, or this step waits for another or is done.
    """
    require_readable(deps.authorise, actor, project.name)
    said = check_said("reason", reason, least=3)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        names = deps.places.names(tx.conn, project.id)
        due = _choose(tx.conn, project, path, environment, names)
        place = names.get(due.environment_id, "")
        key = (due.path, due.version)
        papers = deps.papers(tx.conn, project, place, [key], tx.now).get(key)
        _check_content(due, papers)
        tier = tier_for(due, papers)
        made = store.decisions(tx.conn, due.id)
        decided, rule = _step(
            deps, actor, Resource(project.name, path=path, environment=place), tier, made, step
        )
        _check_apart(deps, tx.conn, actor, due, papers, made)
        role = role_of(
            deps.authorise, actor, Resource(project.name, path=path, environment=place), decided
        )
        demands = papers.demands if papers is not None else None
        signature = signed(
            tx,
            deps.check_signer,
            actor,
            components,
            needed=demands.signatures if demands is not None else tier == "high",
            verdict=decided,
            payload={
                "project": project.name,
                "path": due.path,
                "environment": place,
                "certification": due.id,
                "behaviour": due.behaviour,
                "record": due.record,
                "tier": tier,
                "verdict": decided,
                "reason": said,
            },
        )
        store.add_decision(
            tx.conn,
            due,
            step=decided,
            subject=actor.subject,
            identity=actor.identity,
            name=actor.name,
            role=role,
            auth_method=actor.auth_method,
            at=tx.now,
            reason=said,
            behaviour=due.behaviour,
            record=due.record,
            tier=tier,
            signature=as_text(signature),
        )
        left = missing(tier, store.decisions(tx.conn, due.id))
        now_due = due if left else _move(deps, tx, due, tier, cadence)
        _tell(tx, actor, project, place, due, now_due, decided, said, left, tier, rule, signature)
    return Certified(now_due, place, left)


def tier_for(due: Due, papers: Paperwork | None) -> Tier:
    """The higher of the tier it was approved at and the one it has now; unknown counts as high."""
    known = (due.tier, papers.tier if papers is not None else None)
    return max((tier or "high" for tier in known), key=_TIERS.index)


def _choose(
    conn: Connection,
    project: Project,
    path: str,
    environment: str | None,
    names: Mapping[str, str],
) -> Due:
    found = store.open_at(conn, project.id, path)
    if environment is not None:
        found = [due for due in found if names.get(due.environment_id) == environment]
    if not found:
        where = f" in {environment}" if environment else " in an environment that asks for approval"
        raise NotFound(
            f"{path[:200]} is not live{where}.",
            remedy="`promptops review due` shows what is due.",
            slug="nothing-to-certify",
        )
    if len(found) > 1:
        several = sorted(str(names.get(due.environment_id)) for due in found)
        raise Invalid(
            f"{path} is live in several environments: {', '.join(several)}.",
            remedy="Name one, as ADDRESS@ENVIRONMENT.",
            slug="which-environment",
        )
    return found[0]


def why_not_certifiable(papers: Paperwork | None) -> str | None:
    """What keeps content from ever being certified; None when nothing does."""
    if papers is None:
        return None
    if papers.redacted:
        return "its content was redacted"
    if papers.retired is not None:
        return "the prompt was retired"
    if papers.progress is not None and papers.progress.state in ("revoked", "rejected"):
        return f"its approval was {papers.progress.state}"
    return None


def authors_of_due(
    deps: ContinuityDeps, conn: Connection, due: Due, papers: Paperwork | None
) -> frozenset[str]:
    """Who wrote what is live, and so does not certify it."""
    authors = authors_of_version(conn, due.project_id, due.path, due.version, deps.identities)
    return authors if papers is None else authors | papers.authors


def _check_content(due: Due, papers: Paperwork | None) -> None:
    what = why_not_certifiable(papers)
    if what is not None:
        raise Conflict(
            f"{due.path}@{due.version} cannot be certified: {what}.",
            remedy="Roll back, suspend or unpublish it, or publish a version that is approved.",
            slug="not-certifiable",
        )


def _step(
    deps: ContinuityDeps,
    actor: Actor,
    resource: Resource,
    tier: Tier,
    made: list[Decision],
    asked: Step | None,
) -> tuple[Step, str]:
    """The step and the rule that opens it. Reviews come before approvals, which at high tier are the control function's."""
    left = missing(tier, made)
    first = left[0]
    if asked is not None and asked != first.step:
        known = any(need.step == asked for need in left)
        raise Conflict(
            f"This certification waits for {_WORDS[first.step]} first."
            if known
            else f"At tier {tier} this certification takes no further {_WORDS[asked].split()[-1]}.",
            remedy="Decide when it is the turn of your step.",
            slug="not-this-step",
            current={"missing": [need.step for need in left]},
        )
    opened = require_decider(
        deps.authorise,
        actor,
        ACTIONS[first.step],
        resource,
        operator_tokens_decide=deps.operator_tokens_decide,
    )
    if first.from_risk and not from_risk(deps.authorise, actor, resource):
        raise Denied(
            f"At tier {tier} the approval is given by the control function; {actor.name} does not hold the role risk.",
            rule="separation.from_risk",
            remedy="Let somebody with the role risk certify it.",
        )
    return first.step, opened.rule


_WORDS: dict[Step, str] = {
    "review": "a review",
    "validate": "a validation",
    "approve": "an approval",
}


def _check_apart(
    deps: ContinuityDeps,
    conn: Connection,
    actor: Actor,
    due: Due,
    papers: Paperwork | None,
    made: list[Decision],
) -> None:
    authors = authors_of_due(deps, conn, due, papers)
    require_not(actor, authors, "separation.author", f"wrote part of {due.path}@{due.version}")
    require_not(
        actor,
        {decision.identity for decision in made},
        "separation.decided",
        "decided on this review already",
    )


def _move(deps: ContinuityDeps, tx: Transaction, due: Due, tier: Tier, cadence: Cadence) -> Due:
    """End the row as certified and begin the next: the date counts from now; the record's own date has passed its use."""
    store.end(tx.conn, due.environment_id, [due.path], "certified", tx.now)
    deps.renewed(tx.conn, due.project_id, due.path, due.behaviour, due.record, tx.now)
    again = Published(due.path, due.version, due.behaviour, due.record, tier, tx.now)
    note_release(tx, due.project_id, due.environment_id, [again], cadence=cadence)
    found = store.open_at(tx.conn, due.project_id, due.path)
    return next(item for item in found if item.environment_id == due.environment_id)


def _tell(
    tx: Transaction,
    actor: Actor,
    project: Project,
    environment: str,
    before: Due,
    after: Due,
    step: Step,
    reason: str,
    left: tuple[Need, ...],
    tier: Tier,
    rule: str,
    signature: Mapping[str, Any] | None,
) -> None:
    address = f"{project.name}/{before.path}"
    told = {
        "event": "certification.decided" if left else "certification.done",
        "project": project.name,
        "path": before.path,
        "environment": environment,
    }
    outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
    record(
        tx,
        AuditEvent(
            action="certification.decide",
            object=AuditObject("prompt", address, str(before.version), before.behaviour),
            actor=actor,
            project=project.name,
            environment=environment,
            before={"due_at": to_text(before.due_at)},
            after={
                "step": step,
                "due_at": to_text(after.due_at),
                "missing": [need.step for need in left],
            },
            reason=reason,
            rule=rule,
            tier=tier,
            signature=audited(signature),
        ),
        project_id=project.id,
    )
