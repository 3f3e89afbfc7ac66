"""`…/environments/{e}/followers`, `…/releases/{n}/spread` and `…/spread-history`. Whoever reads the project reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import look, store
from promptops_server.delivery.receipts.model import State
from promptops_server.delivery.receipts.spreading import Spreading, Watched
from promptops_server.delivery.receipts.wire import (
    FollowerPage,
    SpreadHistory,
    SpreadOut,
    history_item,
)
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, Limit, actor_by_now, problem_responses
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.releases import environments, history
from promptops_server.releases.model import Environment
from promptops_server.releases.routes.deps import ENVIRONMENT, Number

_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class FollowerDeps:
    """What the routes stand on."""

    db: Database
    authorise: Authorise
    spreading: Spreading


def router(deps: FollowerDeps) -> APIRouter:
    """The routes about followers."""
    api = APIRouter(tags=["followers"], responses=problem_responses(400, 401, 403, 404))

    def place(conn: Connection, actor: Actor, project: str, environment: str) -> Environment:
        require_readable(deps.authorise, actor, project)
        return environments.get(conn, get_project(conn, project).id, environment)

    @api.get(ENVIRONMENT + "/followers", summary="Who follows an environment, and how far they are")
    def list_followers(
        actor: ActorDep,
        project: str,
        environment: str,
        state: Annotated[State | None, Query(description="only these")] = None,
        release: Annotated[
            int | None, Query(ge=0, le=2**31 - 1, description="only those that hold this release")
        ] = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    ) -> FollowerPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = place(conn, actor, project, environment)
            return look.followers(
                conn, found.id, now_us(), state=state, number=release, limit=limit, cursor=cursor
            )

    @api.get(
        ENVIRONMENT + "/releases/{number}/spread",
        summary="How far a release has come; as server-sent events while it spreads",
        response_model=SpreadOut,
        responses={
            200: {
                "content": {_STREAM: {}},
                "description": "With `Accept: text/event-stream` an event `spread` per change, then `end`",
            },
            **problem_responses(503),
        },
    )
    async def spread(
        request: Request, actor: ActorDep, project: str, environment: str, number: Number
    ) -> Response:
        def begin() -> tuple[Watched, SpreadOut]:
            require_readable(deps.authorise, actor, project)
            with deps.db.read() as conn:
                found = place(conn, actor, project, environment)
                release = history.one_release(conn, found, number)
                position = Position(release.epoch, release.number)
                watched = Watched(found.id, position, release.acknowledged_at)
                now = look.spread(conn, found.id, position, release.acknowledged_at, now_us())
                return watched, now

        watched, now = await run_in_threadpool(begin)
        if _STREAM not in request.headers.get("accept", ""):
            return Response(now.model_dump_json(), media_type="application/json")
        deps.spreading.refuse_if_full()

        async def still_allowed() -> None:
            require_readable(deps.authorise, await actor_by_now(request), project)

        return StreamingResponse(
            deps.spreading.stream(watched, still_allowed),
            media_type=_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @api.get(ENVIRONMENT + "/spread-history", summary="How long each release took to spread")
    def spread_history(
        actor: ActorDep,
        project: str,
        environment: str,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    ) -> SpreadHistory:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = place(conn, actor, project, environment)
            page = store.spread_history(conn, found.id, limit=limit, after=cursor)
        return SpreadHistory(items=[history_item(one) for one in page.items], next_cursor=page.next)

    return api
