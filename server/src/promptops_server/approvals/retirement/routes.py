"""`/projects/{p}/retirements`. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.approvals.continuity import REASON_MAX, ContinuityDeps, find_project
from promptops_server.approvals.retirement.read import Retirement, page
from promptops_server.approvals.retirement.retire import bring_back, retire
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses

_BASE = "/projects/{project}/retirements"


class RetireIn(BaseModel):
    """The prompt, and why its use ends or begins again."""

    model_config = ConfigDict(extra="forbid")
    path: Line = Field(max_length=500)
    reason: Lines = Field(max_length=REASON_MAX)


class RetirementOut(BaseModel):
    """A prompt whose use has ended."""

    path: str
    reason: str
    retired_by: str
    retired_at: str


class RetirementPage(BaseModel):
    """Retired prompts, by path."""

    items: list[RetirementOut]
    next: str | None


class BroughtBack(BaseModel):
    """A prompt that may be published again."""

    path: str
    retired: bool = False


def router(deps: ContinuityDeps) -> APIRouter:
    """The routes of retirement."""
    api = APIRouter(tags=["retirement"], responses=problem_responses(401, 403, 404, 409, 422))

    @api.get(_BASE, summary="Retired prompts, by path")
    def list_retired(
        actor: ActorDep, project: str, limit: Limit = pages.DEFAULT_LIMIT, cursor: Cursor = None
    ) -> RetirementPage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            some = page(conn, found.id, limit=limit, after=cursor)
        return RetirementPage(items=[_out(item) for item in some.items], next=some.next)

    @api.post(_BASE, status_code=201, summary="Retire a prompt")
    def retire_prompt(actor: ActorDep, project: str, body: RetireIn) -> RetirementOut:
        found = find_project(deps, actor, project)
        return _out(retire(deps, actor, found, body.path, body.reason))

    @api.post(_BASE + "/undo", summary="Bring a retired prompt back")
    def undo(actor: ActorDep, project: str, body: RetireIn) -> BroughtBack:
        found = find_project(deps, actor, project)
        bring_back(deps, actor, found, body.path, body.reason)
        return BroughtBack(path=body.path)

    return api


def _out(item: Retirement) -> RetirementOut:
    return RetirementOut(
        path=item.path,
        reason=item.reason,
        retired_by=item.retired_name,
        retired_at=to_text(item.retired_at),
    )
