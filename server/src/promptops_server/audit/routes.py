"""`/audit/events`: the log of one project, or of the installation, as pages and as a stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from promptops_server.audit.model import INSTALLATION_LOG
from promptops_server.audit.moments import moment
from promptops_server.audit.read import Filter, entries_of, first_at, newest, read_log
from promptops_server.audit.tail import Tail
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, actor_by_now, problem_responses
from promptops_server.infra.problems import NotFound


@dataclass(frozen=True, slots=True)
class AuditDeps:
    """`project_id` and `user_id` turn names into row ids (raising NotFound); `app` fills them."""

    db: Database
    authorise: Authorise
    project_id: Callable[[Connection, str], str]
    user_id: Callable[[Connection, str], str]
    tail: Tail


class EventPage(BaseModel):
    """Entries, newest first."""

    items: list[dict[str, Any]]
    next: str | None


_Short = Query(max_length=700)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The filters as they are sent."""

    project: Annotated[str | None, _Short] = None
    actor: Annotated[str | None, Query(max_length=700, description="A user's name")] = None
    action: Annotated[
        str | None, Query(max_length=64, description="for example release.publish, or release.*")
    ] = None
    object: Annotated[
        str | None,
        Query(max_length=700, description="An address, or its beginning and a *; a user's name"),
    ] = None
    outcome: Annotated[str | None, Query(pattern="^(ok|denied|failed)$")] = None
    environment: Annotated[str | None, Query(max_length=100)] = None
    since: Annotated[str | None, Query(max_length=50, description="RFC 3339")] = None
    until: Annotated[str | None, Query(max_length=50, description="RFC 3339; not in it")] = None


_AskedDep = Annotated[_Asked, Depends()]


def router(deps: AuditDeps) -> APIRouter:
    """The routes of the audit log."""
    api = APIRouter(tags=["audit"], responses=problem_responses(400, 401, 403, 404))

    def allow(who: Actor, asked: _Asked) -> None:
        require(deps.authorise, who, "audit:read", Resource(project=asked.project))

    @api.get("/audit/events", summary="What happened, newest first")
    def events(
        who: ActorDep,
        asked: _AskedDep,
        limit: Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)] = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> EventPage:
        allow(who, asked)
        with deps.db.read() as conn:
            log_id, where = _resolved(deps, conn, asked)
            page = read_log(conn, log_id, where, limit=limit, after=cursor)
        return EventPage(items=page.items, next=page.next)

    @api.get(
        "/audit/events/stream",
        summary="What happens, as it happens: server-sent events in the log's order",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}, **problem_responses(503)},
    )
    async def stream(
        request: Request,
        who: ActorDep,
        asked: _AskedDep,
        after: Annotated[
            int | None, Query(ge=0, le=2**31 - 1, description="Begin behind this entry")
        ] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        allow(who, asked)
        deps.tail.refuse_if_full()
        if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
            after = min(int(last_event_id), 2**31 - 1)

        def begin() -> tuple[str, Filter, int]:
            with deps.db.read() as conn:
                log_id, where = _resolved(deps, conn, asked)
                if after is not None:
                    return log_id, where, after
                if where.since is not None:
                    return log_id, where, first_at(conn, log_id, where.since) - 1
                return log_id, where, newest(conn, log_id)

        async def still_allowed() -> None:
            allow(await actor_by_now(request), asked)

        log_id, where, at = await run_in_threadpool(begin)
        return StreamingResponse(
            deps.tail.stream(log_id, where, at, still_allowed),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @api.get("/audit/events/{seq}", summary="One entry by its number")
    def event(
        who: ActorDep,
        seq: Annotated[int, Path(ge=1, le=2**31 - 1)],
        project: Annotated[str | None, _Short] = None,
    ) -> dict[str, Any]:
        allow(who, _Asked(project=project))
        with deps.db.read() as conn:
            log_id = deps.project_id(conn, project) if project else INSTALLATION_LOG
            found = entries_of(conn, log_id, [seq])
        if not found:
            raise NotFound(f"The log has no entry {seq}, or it was removed under retention.")
        return found[0]

    return api


def _resolved(deps: AuditDeps, conn: Connection, asked: _Asked) -> tuple[str, Filter]:
    log_id = deps.project_id(conn, asked.project) if asked.project else INSTALLATION_LOG
    person = None
    if asked.object and not asked.object.endswith("*") and "/" not in asked.object:
        try:
            person = deps.user_id(conn, asked.object)
        except NotFound:
            person = None
    return log_id, Filter(
        actor=deps.user_id(conn, asked.actor) if asked.actor else None,
        action=asked.action,
        object=asked.object,
        outcome=asked.outcome,
        environment=asked.environment,
        since=moment("since", asked.since),
        until=moment("until", asked.until),
        person=person,
    )
