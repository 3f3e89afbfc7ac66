"""`/projects/{p}/exceptions`. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.approvals.continuity import REASON_MAX, ContinuityDeps, find_project
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.accept import accept_exception
from promptops_server.approvals.exceptions.model import MAX_DAYS, RuleException, State
from promptops_server.approvals.exceptions.request import Wanted, request_exception
from promptops_server.approvals.exceptions.revoke import revoke_exception
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses

_BASE = "/projects/{project}/exceptions"


class ExceptionIn(BaseModel):
    """An exception to be accepted by the control function."""

    model_config = ConfigDict(extra="forbid")
    rule: Line = Field(max_length=100, description="as the gate's refusal names it")
    scope: Line = Field(
        "", max_length=501, description="empty: the project; claims/; claims/triage"
    )
    environment: Line | None = Field(None, max_length=100)
    reason: Lines = Field(max_length=REASON_MAX, description="at least 20 characters")
    control: Lines = Field(max_length=REASON_MAX, description="what makes up for it; at least 20")
    days: int = Field(MAX_DAYS, ge=1, le=MAX_DAYS, description="how long it holds, from now")


class ReasonIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: Lines = Field(max_length=REASON_MAX)


class ExceptionOut(BaseModel):
    """An exception as it stands now."""

    id: str
    rule: str
    scope: str
    environment: str | None
    state: State
    reason: str
    control: str
    requested_by: str
    requested_at: str
    expires_at: str
    accepted_by: str | None
    accepted_at: str | None
    accepted_reason: str | None
    revoked_by: str | None
    revoked_at: str | None
    revoked_reason: str | None


class ExceptionPage(BaseModel):
    """Exceptions, the newest first."""

    items: list[ExceptionOut]
    next: str | None


def router(deps: ContinuityDeps) -> APIRouter:
    """The routes of exceptions."""
    api = APIRouter(tags=["exceptions"], responses=problem_responses(401, 403, 404, 409, 422))

    @api.get(_BASE, summary="Exceptions of a project, newest first")
    def list_exceptions(
        actor: ActorDep,
        project: str,
        state: State | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> ExceptionPage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            page = store.page(conn, found.id, state=state, now=now_us(), limit=limit, after=cursor)
        return ExceptionPage(items=[exception_out(item) for item in page.items], next=page.next)

    @api.get(_BASE + "/{exception}", summary="One exception")
    def show_exception(actor: ActorDep, project: str, exception: str) -> ExceptionOut:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            return exception_out(store.get(conn, found.id, exception))

    @api.post(_BASE, status_code=201, summary="Request an exception")
    def request(
        actor: ActorDep, project: str, body: ExceptionIn, response: Response
    ) -> ExceptionOut:
        found = find_project(deps, actor, project)
        made = request_exception(deps, actor, found, Wanted(**body.model_dump()))
        response.headers["Location"] = f"/api/v1/projects/{found.name}/exceptions/{made.name}"
        return exception_out(made)

    @api.post(_BASE + "/{exception}/accept", summary="Accept an exception")
    def accept(actor: ActorDep, project: str, exception: str, body: ReasonIn) -> ExceptionOut:
        found = find_project(deps, actor, project)
        return exception_out(accept_exception(deps, actor, found, exception, body.reason))

    @api.post(_BASE + "/{exception}/revoke", summary="Revoke an exception")
    def revoke(actor: ActorDep, project: str, exception: str, body: ReasonIn) -> ExceptionOut:
        found = find_project(deps, actor, project)
        return exception_out(revoke_exception(deps, actor, found, exception, body.reason))

    return api


def exception_out(found: RuleException) -> ExceptionOut:
    """An exception."""
    return ExceptionOut(
        id=found.name,
        rule=found.rule,
        scope=found.scope,
        environment=found.environment,
        state=found.state(now_us()),
        reason=found.reason,
        control=found.control,
        requested_by=found.requested_name,
        requested_at=to_text(found.requested_at),
        expires_at=to_text(found.expires_at),
        accepted_by=found.accepted_name,
        accepted_at=_time(found.accepted_at),
        accepted_reason=found.accepted_reason,
        revoked_by=found.revoked_name,
        revoked_at=_time(found.revoked_at),
        revoked_reason=found.revoked_reason,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)
