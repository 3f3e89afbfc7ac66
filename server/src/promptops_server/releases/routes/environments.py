"""`/projects/{p}/environments`: which there are, what is live in them, their order and rules."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from promptops_server.approvals.rulebook import all_rules
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit
from promptops_server.releases import environments, history, live
from promptops_server.releases.configure import Wanted, configure, whole_tag
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.routes.deps import (
    ENVIRONMENT,
    ENVIRONMENTS,
    SettingsDep,
    find_project,
)
from promptops_server.releases.wire import (
    AtOut,
    EnvironmentAt,
    EnvironmentIn,
    EnvironmentList,
    EnvironmentOut,
    environment_out,
    live_out,
)


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid")


_FIELDS: Any = {
    name: (rule | None, Field(default=None, description=rule.__doc__))
    for name, rule in all_rules().items()
}
RulesIn = create_model(
    "RulesIn",
    __base__=_Rules,
    __doc__="Rules by name: one that is given is set as a whole, null clears it, others stay.",
    **_FIELDS,
)


class EnvironmentPatch(BaseModel):
    """What should change about an environment; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    position: int | None = Field(
        default=None, ge=1, le=1000, description="place in the order of promotion, from 1"
    )
    approval_required: bool | None = None
    rules: RulesIn | None = None
    reason: str = Field(default="", description="3 to 2,000 characters, if given")
    ticket: Line | None = None


def add_routes(api: APIRouter, deps: ReleaseDeps) -> None:
    """Environments."""

    @api.get(ENVIRONMENTS, summary="List environments")
    def list_environments(actor: ActorDep, project: str) -> EnvironmentList:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            items = environments.list_environments(conn, found.id)
        return EnvironmentList(items=[environment_out(found.name, item) for item in items])

    @api.post(ENVIRONMENTS, status_code=201, summary="Add an environment")
    def create_environment(
        actor: ActorDep, project: str, body: EnvironmentIn, response: Response
    ) -> EnvironmentOut:
        found = find_project(deps, actor, project)
        made = environments.create(
            deps, actor, found, body.name, approval_required=body.approval_required
        )
        response.headers["ETag"] = f'"{whole_tag(made)}"'
        return environment_out(found.name, made)

    @api.get(ENVIRONMENT, summary="What is live, or was at a time")
    def show_environment(
        actor: ActorDep,
        project: str,
        environment: str,
        response: Response,
        at: Annotated[
            str | None, Query(description="a time (RFC 3339) or a release such as r41")
        ] = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> EnvironmentAt:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            number = live.release_of(conn, place, at)
            moment = history.acknowledged_at(conn, place, number)
            page = live.live_page(conn, place, number, limit=limit, after=cursor)
        response.headers["ETag"] = f'"{whole_tag(place)}"'
        return EnvironmentAt(
            **environment_out(found.name, place).model_dump(),
            at=AtOut(release=number, acknowledged_at=to_text(moment)),
            items=[live_out(entry) for entry in page.items],
            next=page.next,
        )

    @api.patch(ENVIRONMENT, summary="Change the order, the need for approval, or rules")
    def change_environment(
        actor: ActorDep,
        project: str,
        environment: str,
        body: EnvironmentPatch,
        response: Response,
        expected: SettingsDep,
    ) -> EnvironmentOut:
        found = find_project(deps, actor, project)
        given: Any = body.rules
        wanted = Wanted(
            position=body.position,
            approval_required=body.approval_required,
            rules={} if given is None else {n: getattr(given, n) for n in given.model_fields_set},
        )
        changed = configure(
            deps,
            actor,
            found,
            environment,
            wanted,
            reason=body.reason,
            ticket=body.ticket,
            expected=expected,
        )
        response.headers["ETag"] = f'"{whole_tag(changed)}"'
        return environment_out(found.name, changed)
