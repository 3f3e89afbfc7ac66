"""`/holds`: legal holds on a project or on the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from promptops_server.audit import holds
from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses

Reason = Annotated[Line, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True, slots=True)
class HoldDeps:
    """`project_id` and `project_name` turn name and row id into each other; `app` fills them."""

    db: Database
    authorise: Authorise
    project_id: Callable[[Connection, str], str]
    project_name: Callable[[Connection, str], str]
    user_name: Callable[[Connection, str], str]


class HoldOut(BaseModel):
    """A legal hold; without `project` on the whole installation."""

    id: str
    project: str | None
    reason: str
    placed_by: str
    placed_at: str
    lifted_by: str | None
    lifted_at: str | None
    lift_reason: str | None


class HoldPage(BaseModel):
    """Holds, newest first."""

    items: list[HoldOut]
    next: str | None


class HoldIn(BaseModel):
    """A new hold: what for, and on which project (without one, on everything)."""

    model_config = ConfigDict(extra="forbid")

    project: Line | None = Field(default=None, max_length=100)
    reason: Reason


class LiftIn(BaseModel):
    """Why a hold ends."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


def router(deps: HoldDeps) -> APIRouter:
    """The routes of legal holds."""
    api = APIRouter(tags=["audit"], responses=problem_responses(401, 403, 404, 409, 422))
    db = deps.db

    def out(conn: Connection, hold: holds.Hold) -> HoldOut:
        lifted_by = hold.lifted_by
        return HoldOut(
            id=hold.id,
            project=deps.project_name(conn, hold.project_id) if hold.project_id else None,
            reason=hold.reason,
            placed_by=deps.user_name(conn, hold.placed_by),
            placed_at=to_text(hold.placed_at),
            lifted_by=deps.user_name(conn, lifted_by) if lifted_by else None,
            lifted_at=to_text(hold.lifted_at) if hold.lifted_at else None,
            lift_reason=hold.lift_reason,
        )

    @api.get("/holds", summary="Legal holds in force (with lifted=true also those that ended)")
    def list_holds(
        who: ActorDep,
        project: str | None = None,
        lifted: bool = False,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> HoldPage:
        require(deps.authorise, who, "audit:read", Resource(project=project))
        with db.read() as conn:
            project_id = deps.project_id(conn, project) if project else None
            page = holds.list_holds(
                conn, project_id=project_id, lifted=lifted, limit=limit, after=cursor
            )
            items = [out(conn, hold) for hold in page.items]
        return HoldPage(items=items, next=page.next)

    @api.post("/holds", status_code=201, summary="Place a legal hold: nothing is removed any more")
    def place(who: ActorDep, body: HoldIn) -> HoldOut:
        may = require(deps.authorise, who, "hold:manage", Resource(project=body.project))
        with db.write() as tx:
            project_id = deps.project_id(tx.conn, body.project) if body.project else None
            made = holds.place_hold(
                tx,
                who,
                project_id=project_id,
                project=body.project,
                reason=body.reason,
                rule=may.rule,
            )
            return out(tx.conn, made)

    @api.post("/holds/{hold_id}/lift", summary="Lift a legal hold")
    def lift(who: ActorDep, hold_id: str, body: LiftIn) -> HoldOut:
        with db.read() as conn:
            hold = holds.get_hold(conn, hold_id)
            project = deps.project_name(conn, hold.project_id) if hold.project_id else None
        may = require(deps.authorise, who, "hold:manage", Resource(project=project))
        with db.write() as tx:
            done = holds.lift_hold(
                tx, who, hold, project=project, reason=body.reason, rule=may.rule
            )
            return out(tx.conn, done)

    return api
