"""`/projects/{p}/emergencies` and `…/environments/{e}/emergencies`. Making one is a publish with `emergency`."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.approvals.signing import SignatureIn, components_of
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Lines
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.releases import environments
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import EmergencyRelease, State, missing
from promptops_server.releases.emergency.ratify import EmergencyDeps, ratify, refuse
from promptops_server.releases.routes.deps import ENVIRONMENT, Number, find_project


class DecideIn(BaseModel):
    """Why it may stay, or must not."""

    model_config = ConfigDict(extra="forbid")
    reason: Lines = Field(min_length=3, max_length=1_000)


class RatifyIn(DecideIn):
    """Why it may stay, signed at tier high."""

    signature: SignatureIn | None = None


class EmergencyPromptOut(BaseModel):
    """One prompt that went live without approval."""

    path: str
    version: int
    tier: Literal["low", "medium", "high"] | None


class EmergencyDecisionOut(BaseModel):
    """One decision about it."""

    verdict: Literal["ratify", "refuse"]
    by: str
    role: str
    at: str
    reason: str


class MissingOut(BaseModel):
    """Ratifications still to come; `from_risk`: one of them by the control function."""

    count: int
    from_risk: bool


class EmergencyOut(BaseModel):
    """An emergency release. Lists show at most its first hundred prompts, and no decisions."""

    environment: str
    release: int
    incident: str
    reason: str
    tier: Literal["low", "medium", "high"]
    state: State
    invoked_by: str
    invoked_at: str
    deadline: str
    ended_at: str | None
    ended_release: int | None = Field(description="the release that took it back")
    prompts: list[EmergencyPromptOut]
    decisions: list[EmergencyDecisionOut]
    missing: MissingOut | None = Field(description="while it is open")


class EmergencyPage(BaseModel):
    """Emergencies, the newest first."""

    items: list[EmergencyOut]
    next: str | None


def router(deps: EmergencyDeps) -> APIRouter:
    """The routes of emergencies."""
    api = APIRouter(tags=["emergencies"], responses=problem_responses(401, 403, 404, 409, 422))
    releases = deps.releases

    @api.get("/projects/{project}/emergencies", summary="Emergencies of a project, newest first")
    def list_emergencies(
        actor: ActorDep,
        project: str,
        environment: str | None = None,
        state: State | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> EmergencyPage:
        found = find_project(releases, actor, project)
        with releases.db.read() as conn:
            place = environments.get(conn, found.id, environment) if environment else None
            page = store.page(
                conn,
                found.id,
                environment_id=None if place is None else place.id,
                state=state,
                limit=limit,
                after=cursor,
            )
        return EmergencyPage(items=[emergency_out(item) for item in page.items], next=page.next)

    @api.get(ENVIRONMENT + "/emergencies/{number}", summary="The emergency of a release")
    def show_emergency(
        actor: ActorDep, project: str, environment: str, number: Number
    ) -> EmergencyOut:
        found = find_project(releases, actor, project)
        with releases.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            return emergency_out(store.get(conn, place.id, number))

    @api.post(ENVIRONMENT + "/emergencies/{number}/ratify", summary="Ratify an emergency release")
    def ratify_emergency(
        actor: ActorDep, project: str, environment: str, number: Number, body: RatifyIn
    ) -> EmergencyOut:
        found = find_project(releases, actor, project)
        components = components_of(body.signature)
        return emergency_out(
            ratify(deps, actor, found, environment, number, body.reason, components)
        )

    @api.post(
        ENVIRONMENT + "/emergencies/{number}/refuse",
        summary="Refuse an emergency release: it is taken back at once",
    )
    def refuse_emergency(
        actor: ActorDep, project: str, environment: str, number: Number, body: DecideIn
    ) -> EmergencyOut:
        found = find_project(releases, actor, project)
        return emergency_out(refuse(deps, actor, found, environment, number, body.reason))

    return api


def emergency_out(found: EmergencyRelease) -> EmergencyOut:
    """An emergency."""
    left = missing(found) if found.state == "open" else None
    return EmergencyOut(
        environment=found.environment,
        release=found.release,
        incident=found.incident,
        reason=found.reason,
        tier=found.tier,
        state=found.state,
        invoked_by=found.invoked_name,
        invoked_at=to_text(found.invoked_at),
        deadline=to_text(found.deadline),
        ended_at=None if found.ended_at is None else to_text(found.ended_at),
        ended_release=found.ended_release,
        prompts=[
            EmergencyPromptOut(path=p.path, version=p.version, tier=p.tier) for p in found.prompts
        ],
        decisions=[
            EmergencyDecisionOut(
                verdict=d.verdict, by=d.name, role=d.role, at=to_text(d.at), reason=d.reason
            )
            for d in found.decisions
        ],
        missing=None if left is None else MissingOut(count=left.count, from_risk=left.from_risk),
    )
