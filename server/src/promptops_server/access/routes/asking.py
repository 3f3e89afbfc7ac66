"""`/me/can`: may I do this, by which rule, and what would change the answer? Beside it `who`, the same of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops_server.access.asking import ApprovalOf, action_of, place_of
from promptops_server.access.routes import who
from promptops_server.infra.authorise import Authorise, Decision, Resource
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, problem_responses


@dataclass(frozen=True, slots=True)
class AskingDeps:
    """What the route needs."""

    db: Database
    authorise: Authorise
    approval_of: ApprovalOf


class CanOut(BaseModel):
    """The answer to one question. `reason` and `remedy` are empty when it is allowed."""

    action: str
    project: str | None
    path: str | None
    environment: str | None
    allowed: bool
    rule: str = Field(description="what decided: a policy's `@id`, or `role.missing`")
    reason: str
    remedy: str
    policy_version: str = Field(description="SHA-256 of all policies in force")


def answer(action: str, place: Resource, decision: Decision) -> CanOut:
    """A decision as it is shown."""
    return CanOut(
        action=action,
        project=place.project,
        path=place.path,
        environment=place.environment,
        allowed=decision.allowed,
        rule=decision.rule,
        reason=decision.reason,
        remedy=decision.remedy,
        policy_version=decision.policy_version,
    )


def router(deps: AskingDeps) -> APIRouter:
    """The route of questions about one's own rights."""
    api = APIRouter(tags=["access"], responses=problem_responses(401, 404, 422))

    @api.get("/me/can", summary="May I do this? By which rule, and what would satisfy it?")
    def can(
        actor: ActorDep,
        action: Annotated[
            str, Query(max_length=100, description="`publish`, `write`, …, or `release:publish`")
        ],
        address: Annotated[
            str,
            Query(
                max_length=700,
                description="project, project/module/ or project/module/prompt; empty: the installation",
            ),
        ] = "",
        environment: Annotated[str | None, Query(max_length=100)] = None,
    ) -> CanOut:
        wanted = action_of(action)
        with deps.db.read() as conn:
            place = place_of(
                conn, actor, deps.authorise, deps.approval_of, address, environment or None
            )
        return answer(wanted, place, deps.authorise(actor, wanted, place))

    who.add_routes(api, deps.db, deps.authorise, deps.approval_of)
    return api
