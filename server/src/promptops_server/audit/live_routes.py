"""`/projects/{p}/events`: what happens in a project, for pages that show it. Whoever reads the project may listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from promptops_server.audit.happenings import Happening
from promptops_server.audit.live import Live
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, actor_by_now, problem_responses

_LARGEST = 2**31 - 1


class EventStream(StreamingResponse):
    """An answer of server-sent events."""

    media_type = "text/event-stream"


@dataclass(frozen=True, slots=True)
class LiveDeps:
    """`readable` raises NotFound for who may not read a project, `project_id` turns its name into a row id."""

    db: Database
    live: Live
    readable: Callable[[Actor, str], None]
    project_id: Callable[[Connection, str], str]


def router(deps: LiveDeps) -> APIRouter:
    """The route of live events."""
    api = APIRouter(tags=["projects"], responses=problem_responses(400, 401, 403, 404))

    @api.get(
        "/projects/{project}/events",
        summary="What happens in a project, as it happens: server-sent events",
        response_class=EventStream,
        responses={
            200: {
                "description": "`hello` first; then an event `change` each time, with a Happening as data; "
                "`reset` when too much was missed: load what you show anew",
                "model": Happening,
            },
            **problem_responses(503),
        },
    )
    async def events(
        request: Request,
        who: ActorDep,
        project: str,
        after: Annotated[
            int | None, Query(ge=0, le=_LARGEST, description="Begin behind this event")
        ] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        def begin() -> str:
            deps.readable(who, project)
            with deps.db.read() as conn:
                return deps.project_id(conn, project)

        project_id = await run_in_threadpool(begin)
        deps.live.refuse_if_full()
        if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
            after = min(int(last_event_id), _LARGEST)

        async def still_allowed() -> None:
            deps.readable(await actor_by_now(request), project)

        return EventStream(
            deps.live.stream(project_id, after, still_allowed),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return api
