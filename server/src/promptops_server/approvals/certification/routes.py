"""`/projects/{p}/certifications`: what falls due, and certifying it. Routes only parse, call and render."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.certify import certify
from promptops_server.approvals.certification.keep import keep_live
from promptops_server.approvals.certification.model import (
    PRODUCT,
    Cadence,
    Cause,
    Decision,
    Due,
    Need,
    State,
    Wanted,
    missing,
)
from promptops_server.approvals.certification.read import dues
from promptops_server.approvals.continuity import REASON_MAX, ContinuityDeps, find_project
from promptops_server.approvals.signing import SignatureIn, components_of
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses

_BASE = "/projects/{project}/certifications"


class CertifyIn(BaseModel):
    """A decision anew about what is live."""

    model_config = ConfigDict(extra="forbid")
    path: Line = Field(max_length=500)
    environment: Line | None = Field(
        None, max_length=100, description="needed where it is live in several"
    )
    step: Literal["review", "approve"] | None = Field(
        None, description="the step you mean; refused if another is due"
    )
    reason: Lines = Field(
        max_length=REASON_MAX, description="what you looked at, and why it may go on"
    )
    signature: SignatureIn | None = None


class KeepIn(BaseModel):
    """Why it stays live although its review is overdue."""

    model_config = ConfigDict(extra="forbid")
    reason: Lines = Field(max_length=REASON_MAX, description="at least 20 characters")


class NeedOut(BaseModel):
    """A step still to be taken."""

    step: Literal["review", "validate", "approve"]
    from_risk: bool


class DecisionOut(BaseModel):
    """One decision anew."""

    step: Literal["review", "validate", "approve"]
    by: str
    role: str
    at: str
    reason: str


class DueOut(BaseModel):
    """The review of what is live at one address of one environment."""

    id: str
    path: str
    version: int
    environment: str
    tier: Literal["low", "medium", "high"] | None
    cause: Cause = Field(
        description="returned: came back without an approval in force; blocks nothing"
    )
    state: State
    approved_at: str | None
    due_at: str
    suspension: Literal["asked", "kept"] | None
    kept_reason: str | None


class DueDetail(DueOut):
    """With the decisions made so far."""

    decisions: list[DecisionOut]
    missing: list[NeedOut]


class CertifiedOut(DueOut):
    """After a decision; nothing `missing` means that the date has moved."""

    missing: list[NeedOut]


class DuePage(BaseModel):
    """Reviews, the earliest due first."""

    items: list[DueOut]
    next: str | None


def router(deps: ContinuityDeps, cadence: Cadence = PRODUCT) -> APIRouter:
    """The routes of certification."""
    api = APIRouter(tags=["certification"], responses=problem_responses(401, 403, 404, 409, 422))

    @api.get(_BASE, summary="Reviews of what is live, the earliest due first")
    def list_dues(
        actor: ActorDep,
        project: str,
        due: Wanted | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> DuePage:
        found = find_project(deps, actor, project)
        now = now_us()
        with deps.db.read() as conn:
            names = deps.places.names(conn, found.id)
            page = dues(
                conn, found.id, wanted=due, now=now, cadence=cadence, limit=limit, after=cursor
            )
        items = [
            due_out(item, names.get(item.environment_id, ""), now, cadence) for item in page.items
        ]
        return DuePage(items=items, next=page.next)

    @api.get(_BASE + "/{certification}", summary="One review with its decisions")
    def show_due(actor: ActorDep, project: str, certification: str) -> DueDetail:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            item = store.get(conn, found.id, certification)
            place = deps.places.names(conn, found.id).get(item.environment_id, "")
            made = store.decisions(conn, item.id)
        return DueDetail(
            **due_out(item, place, now_us(), cadence).model_dump(),
            decisions=[_decision_out(decision) for decision in made],
            missing=needs_out(missing(item.tier, made)),
        )

    @api.post(_BASE, summary="Certify what is live: decide anew about it")
    def certify_prompt(actor: ActorDep, project: str, body: CertifyIn) -> CertifiedOut:
        found = find_project(deps, actor, project)
        made = certify(
            deps,
            actor,
            found,
            body.path,
            body.reason,
            environment=body.environment,
            step=body.step,
            cadence=cadence,
            components=components_of(body.signature),
        )
        return CertifiedOut(
            **due_out(made.due, made.environment, now_us(), cadence).model_dump(),
            missing=needs_out(made.missing),
        )

    @api.post(_BASE + "/{certification}/keep", summary="Keep it live although overdue")
    def keep(actor: ActorDep, project: str, certification: str, body: KeepIn) -> DueOut:
        found = find_project(deps, actor, project)
        item = keep_live(deps, actor, found, certification, body.reason)
        with deps.db.read() as conn:
            place = deps.places.names(conn, found.id).get(item.environment_id, "")
        return due_out(item, place, now_us(), cadence)

    return api


def due_out(item: Due, environment: str, now: int, cadence: Cadence) -> DueOut:
    """A review."""
    return DueOut(
        id=item.id,
        path=item.path,
        version=item.version,
        environment=environment,
        tier=item.tier,
        cause=item.cause,
        state=item.state(now, cadence),
        approved_at=None if item.approved_at is None else to_text(item.approved_at),
        due_at=to_text(item.due_at),
        suspension=item.suspension,
        kept_reason=item.kept_reason,
    )


def needs_out(needs: tuple[Need, ...]) -> list[NeedOut]:
    """Steps still to be taken."""
    return [NeedOut(step=need.step, from_risk=need.from_risk) for need in needs]


def _decision_out(decision: Decision) -> DecisionOut:
    return DecisionOut(
        step=decision.step,
        by=decision.name,
        role=decision.role,
        at=to_text(decision.at),
        reason=decision.reason,
    )
