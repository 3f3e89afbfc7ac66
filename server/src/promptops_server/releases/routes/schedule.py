"""`/projects/{p}/schedule` and `…/environments/{e}/schedule`: releases at a time."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from promptops_server.infra import cursor as pages
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit
from promptops_server.releases import environments
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.routes.deps import (
    ENVIRONMENT,
    find_project,
    made,
)
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.add import Added
from promptops_server.releases.schedule.cancel import cancel
from promptops_server.releases.schedule.carry_out import run_now
from promptops_server.releases.schedule.model import Schedule, State
from promptops_server.releases.wire import ReleaseMade, UnmetOut


class ScheduledPromptOut(BaseModel):
    """One prompt of a schedule: goes `live` in this version, or is `removed`."""

    path: str
    version: int
    state: Literal["live", "removed"]


class PromotedFromOut(BaseModel):
    """The release whose contents were pinned."""

    environment: str
    release: int


class ScheduleOut(BaseModel):
    """A release that is to happen, or was. Lists show at most its first hundred prompts; `count` counts all."""

    id: str
    environment: str
    at: str
    state: State
    prompts: list[ScheduledPromptOut]
    count: int
    reason: str
    ticket: str | None
    actor: str
    only_if_head: int | None = Field(description="the head without which it does not happen")
    promoted_from: PromotedFromOut | None
    created_at: str
    release: int | None = Field(description="the release it became")
    problem: dict[str, Any] | None = Field(description="why it failed or was missed")
    ended_at: str | None
    ended_by: str | None


class ScheduleAdded(ScheduleOut):
    """A schedule just made; `unmet_now` is what would refuse it at its time as things stand now."""

    unmet_now: list[UnmetOut]


class SchedulePage(BaseModel):
    """Schedules, the latest time first."""

    items: list[ScheduleOut]
    next: str | None


def add_routes(api: APIRouter, deps: ReleaseDeps) -> None:
    """What waits for its time; making one is a publish or a promotion with `at`."""

    @api.get("/projects/{project}/schedule", summary="Scheduled releases of a project")
    def list_of_project(
        actor: ActorDep,
        project: str,
        state: State | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> SchedulePage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            page = store.page(
                conn,
                project_id=found.id,
                environment_id=None,
                state=state,
                limit=limit,
                after=cursor,
            )
        return SchedulePage(items=[schedule_out(item) for item in page.items], next=page.next)

    @api.get(ENVIRONMENT + "/schedule", summary="Scheduled releases of an environment")
    def list_of_environment(
        actor: ActorDep,
        project: str,
        environment: str,
        state: State | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> SchedulePage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            page = store.page(
                conn,
                project_id=found.id,
                environment_id=place.id,
                state=state,
                limit=limit,
                after=cursor,
            )
        return SchedulePage(items=[schedule_out(item) for item in page.items], next=page.next)

    @api.get(ENVIRONMENT + "/schedule/{schedule}", summary="One scheduled release")
    def show(actor: ActorDep, project: str, environment: str, schedule: str) -> ScheduleOut:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            item = store.get(conn, schedule, project_id=found.id, environment_id=place.id)
        return schedule_out(item)

    @api.delete(ENVIRONMENT + "/schedule/{schedule}", summary="Cancel a scheduled release")
    def cancel_one(actor: ActorDep, project: str, environment: str, schedule: str) -> ScheduleOut:
        found = find_project(deps, actor, project)
        return schedule_out(cancel(deps, actor, found, environment, schedule))

    @api.post(
        ENVIRONMENT + "/schedule/{schedule}/run",
        status_code=201,
        summary="Carry out a scheduled release now, with the rights of who asks",
    )
    def run(
        actor: ActorDep,
        project: str,
        environment: str,
        schedule: str,
        request: Request,
        response: Response,
    ) -> ReleaseMade:
        found = find_project(deps, actor, project)
        return made(request, response, run_now(deps, actor, found, environment, schedule))


def added(request: Request, response: Response, value: Added) -> ScheduleAdded:
    """The answer for a schedule that was made: 202, and its place."""
    response.status_code = 202
    base = request.url.path.rpartition("/")[0]
    response.headers["Location"] = f"{base}/schedule/{value.schedule.id}"
    return ScheduleAdded(
        **schedule_out(value.schedule).model_dump(),
        unmet_now=[UnmetOut(rule=u.rule, detail=u.detail, remedy=u.remedy) for u in value.unmet],
    )


def schedule_out(value: Schedule) -> ScheduleOut:
    """A schedule."""
    return ScheduleOut(
        id=value.id,
        environment=value.environment,
        at=to_text(value.at),
        state=value.state,
        prompts=[
            ScheduledPromptOut(path=p.path, version=p.version, state=p.state) for p in value.prompts
        ],
        count=value.count,
        reason=value.reason,
        ticket=value.ticket,
        actor=value.actor,
        only_if_head=value.head if value.only_if_head else None,
        promoted_from=None
        if value.promoted_from is None or value.promoted_release is None
        else PromotedFromOut(environment=value.promoted_from, release=value.promoted_release),
        created_at=to_text(value.created_at),
        release=value.release,
        problem=value.problem,
        ended_at=to_text(value.ended_at) if value.ended_at is not None else None,
        ended_by=value.ended_by,
    )
