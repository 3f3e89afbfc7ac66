"""`/grants`: who holds which role, where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.access import grants
from promptops_server.access.roles import EVERY_PROJECT
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database, again_if_taken
from promptops_server.infra.http import ActorDep, problem_responses


@dataclass(frozen=True, slots=True)
class GrantDeps:
    """What the routes need. `forget` drops remembered tokens after a change."""

    db: Database
    authorise: Authorise
    forget: Callable[[], None]


class GrantBody(BaseModel):
    """A role on one project, or on `*`; with `module` or `environment` only there."""

    model_config = ConfigDict(extra="forbid")

    user: Line
    project: Line = Field(default=EVERY_PROJECT, max_length=100)
    role: Line
    module: Line = Field(
        default="", max_length=500, description="a folder of the project; empty for all of it"
    )
    environment: Line = Field(default="", max_length=100, description="empty for any")


class GrantOut(GrantBody):
    """A grant as a table shows it."""

    display_name: str
    kind: str
    active: bool = Field(description="of the account")
    granted_by: str = Field(
        description="a user; empty when the server or a group of the identity provider gave it"
    )
    created_at: str


class GrantList(BaseModel):
    """All grants."""

    items: list[GrantOut]


def router(deps: GrantDeps) -> APIRouter:
    """The routes of grants."""
    api = APIRouter(tags=["access"], responses=problem_responses(401, 403, 404, 409, 422))
    db = deps.db

    def manage(actor: Actor) -> str:
        return require(deps.authorise, actor, "user:manage", Resource()).rule

    @api.get("/grants", summary="Who holds which role")
    def list_grants(actor: ActorDep, project: str | None = None) -> GrantList:
        if project is None:
            manage(actor)
        else:
            require(deps.authorise, actor, "project:read", Resource(project=project))
        with db.read() as conn:
            rows = grants.list_grants(conn, project)
        return GrantList(
            items=[
                GrantOut(
                    user=row.user,
                    display_name=row.display_name,
                    kind=row.kind,
                    active=row.active,
                    granted_by=row.granted_by,
                    created_at=to_text(row.created_at),
                    project=row.grant.project,
                    role=row.grant.role,
                    module=row.grant.module,
                    environment=row.grant.environment,
                )
                for row in rows
            ]
        )

    @api.post("/grants", status_code=201, summary="Grant a role")
    def add_grant(actor: ActorDep, body: GrantBody) -> GrantBody:
        rule = manage(actor)

        def grant() -> None:
            with db.write() as tx:
                grants.add_grant(
                    tx,
                    actor,
                    body.user,
                    body.project,
                    body.role,
                    module=body.module,
                    environment=body.environment,
                    rule=rule,
                )

        again_if_taken(grant)
        deps.forget()
        return body

    @api.delete("/grants", status_code=204, summary="Take a role back")
    def remove_grant(
        actor: ActorDep,
        user: str,
        project: str,
        role: str,
        module: str = "",
        environment: str = "",
    ) -> None:
        rule = manage(actor)
        with db.write() as tx:
            grants.remove_grant(
                tx, actor, user, project, role, module=module, environment=environment, rule=rule
            )
        deps.forget()

    return api
