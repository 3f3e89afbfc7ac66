"""`/audit/events`: the log of one project, or of the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from promptops_server.audit.model import INSTALLATION_LOG
from promptops_server.audit.read import Filter, read_log
from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, problem_responses


@dataclass(frozen=True, slots=True)
class AuditDeps:
    """`project_id` and `user_id` turn names into row ids (raising NotFound); `app` fills them."""

    db: Database
    authorise: Authorise
    project_id: Callable[[Connection, str], str]
    user_id: Callable[[Connection, str], str]


class EventPage(BaseModel):
    """Entries, newest first."""

    items: list[dict[str, Any]]
    next: str | None


def router(deps: AuditDeps) -> APIRouter:
    """The routes of the audit log."""
    api = APIRouter(tags=["audit"], responses=problem_responses(401, 403, 404))

    @api.get("/audit/events", summary="What happened, newest first")
    def events(
        who: ActorDep,
        project: str | None = None,
        actor: str | None = None,
        action: Annotated[
            str | None, Query(description="for example release.publish, or release.*")
        ] = None,
        object: str | None = None,
        outcome: str | None = None,
        limit: Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)] = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> EventPage:
        require(deps.authorise, who, "audit:read", Resource(project=project))
        with deps.db.read() as conn:
            log_id = deps.project_id(conn, project) if project else INSTALLATION_LOG
            where = Filter(
                actor=deps.user_id(conn, actor) if actor else None,
                action=action,
                object=object,
                outcome=outcome,
            )
            page = read_log(conn, log_id, where, limit=limit, after=cursor)
        return EventPage(items=page.items, next=page.next)

    return api
