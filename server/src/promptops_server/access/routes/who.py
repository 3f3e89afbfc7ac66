"""`/access/who`: who may do this here, through which grants; and for one account yes or no, with the deciding rule."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from promptops_server.access.asking import ApprovalOf, action_of, place_of
from promptops_server.access.users import names_of
from promptops_server.access.who import May, Opening, may_one, who_may
from promptops_server.access.words import WORDS
from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.infra.problems import NotFound


class OpeningOut(BaseModel):
    """A grant that opens the action."""

    role: str
    project: str = Field(description="`*`: every project")
    module: str
    environment: str
    since: str
    granted_by: str = Field(description="a user's name; empty when a group gives it")
    from_group: bool = Field(description="a group of the identity provider gives it")


class MayOut(BaseModel):
    """An account and the answer for it."""

    user: str
    display_name: str
    kind: Literal["person", "service"]
    admin: bool
    allowed: bool
    everywhere: bool = Field(
        description="false: only where the grants hold, a part of the place asked about"
    )
    rule: str = Field(description="what decided: a policy's `@id`, or `role.missing`")
    reason: str = Field(description="why, in words")
    remedy: str
    grants: list[OpeningOut]


class WhoOut(BaseModel):
    """Who may, by name. With `user` the one item is that account, also when the answer is no."""

    action: str
    words: str = Field(description="the action as people say it")
    project: str
    path: str | None
    environment: str | None
    items: list[MayOut]
    next: str | None


def add_routes(api: APIRouter, db: Database, authorise: Authorise, approval_of: ApprovalOf) -> None:
    """The route."""

    @api.get(
        "/access/who",
        summary="Who may do this here, and through which grants?",
        responses=problem_responses(400, 403),
    )
    def who(
        actor: ActorDep,
        action: Annotated[
            str, Query(max_length=100, description="`publish`, `write`, …, or `release:publish`")
        ],
        project: Annotated[str, Query(min_length=1, max_length=100)],
        environment: Annotated[str, Query(max_length=100)] = "",
        module: Annotated[str, Query(max_length=600, description="empty: all of it")] = "",
        user: Annotated[str, Query(max_length=100, description="ask about this one")] = "",
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> WhoOut:
        require(authorise, actor, "policy:read", Resource(project=project))
        wanted = action_of(action)
        address = project + (f"/{module.strip('/')}/" if module.strip("/") else "")
        with db.read() as conn:

            def gated(name: str) -> bool:
                try:
                    return approval_of(conn, project, name)
                except NotFound:  # a grant may name what is not there yet
                    return True

            place = place_of(conn, actor, authorise, approval_of, address, environment or None)
            if user:
                page = pages.Page([may_one(conn, authorise, wanted, place, gated, user)], None)
            else:
                page = who_may(conn, authorise, wanted, place, gated, limit=limit, cursor=cursor)
            items = _items(conn, page.items)
        return WhoOut(
            action=wanted,
            words=WORDS[wanted],
            project=project,
            path=place.path,
            environment=place.environment,
            items=items,
            next=page.next,
        )


def _items(conn: Connection, found: list[May]) -> list[MayOut]:
    names = names_of(conn, {each.by for may in found for each in may.openings})
    return [_may(may, names) for may in found]


def _may(may: May, names: dict[str, str]) -> MayOut:
    return MayOut(
        user=may.user.name,
        display_name=may.user.display_name,
        kind="service" if may.user.kind == "service" else "person",
        admin=may.user.admin,
        allowed=may.decision.allowed,
        everywhere=may.everywhere,
        rule=may.decision.rule,
        reason=may.decision.reason or _because(may),
        remedy=may.decision.remedy,
        grants=[_opening(each, names) for each in may.openings],
    )


def _because(may: May) -> str:
    if not may.openings:
        return f"{may.user.name} is an administrator."
    held = ", ".join(f"{each.grant.role} on {each.grant.place}" for each in may.openings)
    return f"{may.user.name} holds {held}."


def _opening(one: Opening, names: dict[str, str]) -> OpeningOut:
    return OpeningOut(
        role=one.grant.role,
        project=one.grant.project,
        module=one.grant.module,
        environment=one.grant.environment,
        since=to_text(one.since),
        granted_by="" if one.from_group else names.get(one.by, one.by),
        from_group=one.from_group,
    )
