"""`/projects/{p}/reviews`: requests for review, and the standing of a version."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.demands import DAY_US
from promptops_server.approvals.workflow.model import State
from promptops_server.approvals.workflow.ports import Keep, WorkflowDeps
from promptops_server.approvals.workflow.request import MAX_ASKED, request_review
from promptops_server.approvals.workflow.routes.wire import (
    In,
    RequestOut,
    RequestPage,
    StatusOut,
    request_out,
    status_out,
)
from promptops_server.approvals.workflow.status import case_of, standing_of, standings_of
from promptops_server.approvals.workflow.still_live import still_live
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import now_us
from promptops_server.infra.http import ActorDep, Cursor, IdempotencyKey, Limit, fingerprint
from promptops_server.infra.idempotency import answer_once
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.versions import resolve

REVIEWS = "/projects/{project}/reviews"


class ReviewIn(In):
    """What is to be reviewed. Without a version, the newest one."""

    path: Line = Field(max_length=600)
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    message: Lines = Field(default="", max_length=10_000)
    asked: list[Line] = Field(
        default_factory=list, max_length=MAX_ASKED, description="user names of people asked by name"
    )


def find_project(deps: WorkflowDeps, actor: Actor, name: str) -> Project:
    """The project, for somebody who may read it. Raises NotFound."""
    require_readable(deps.authorise, actor, name)
    with deps.db.read() as conn:
        return get_project(conn, name)


def add_routes(api: APIRouter, deps: WorkflowDeps) -> None:
    """Ask for a review, list and read requests, read where a version stands."""

    @api.post(REVIEWS, status_code=201, summary="Ask for a review of a version")
    def ask(
        actor: ActorDep,
        project: str,
        body: ReviewIn,
        request: Request,
        response: Response,
        idempotency_key: IdempotencyKey = None,
    ) -> RequestOut:
        found = find_project(deps, actor, project)

        def work(keep: Keep[store.RequestRow]) -> store.RequestRow:
            return request_review(
                deps,
                actor,
                found,
                body.path,
                number=body.version,
                message=body.message,
                asked=body.asked,
                keep=keep,
            )

        _, made = answer_once(
            deps.db,
            actor,
            idempotency_key,
            fingerprint(request, body),
            work,
            lambda row: (201, {"request": row.number}),
        )
        response.headers["Location"] = f"{request.url.path}/{made['request']}"
        return read_request(deps, found, made["request"])

    @api.get(REVIEWS, summary="Requests for review")
    def list_requests(
        actor: ActorDep,
        project: str,
        state: State | None = None,
        under: Annotated[
            str | None, Query(max_length=600, description="a prompt, or a module with all below it")
        ] = None,
        mine: Annotated[bool, Query(description="only those the caller opened")] = False,
        still_open: Annotated[
            bool,
            Query(alias="open", description="only those that still wait for decisions"),
        ] = False,
        asked: Annotated[bool, Query(description="only those that ask the caller by name")] = False,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> RequestPage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            page = store.page(
                conn,
                found.id,
                state=state,
                path=under,
                opened_by=actor.subject if mine else None,
                limit=min(limit, 100),
                after=cursor,
                lapsed_before=now_us() - deps.more.lapse_days * DAY_US,
                still_open=still_open,
                asked=actor.subject if asked else None,
            )
            standings = standings_of(conn, found, page.items, deps.more)
            live = still_live(deps, conn, found, page.items)
            items = [
                request_out(conn, found.name, s, live.get(s.row.number, ())) for s in standings
            ]
        return RequestPage(items=items, next=page.next)

    @api.get(REVIEWS + "/{number}", summary="One request with its decisions")
    def show(actor: ActorDep, project: str, number: int) -> RequestOut:
        return read_request(deps, find_project(deps, actor, project), number)

    @api.get("/projects/{project}/review-status/{address:path}", summary="Where a version stands")
    def status(actor: ActorDep, project: str, address: str) -> StatusOut:
        found = find_project(deps, actor, project)
        path, _, selector = address.partition("@")
        with deps.db.read() as conn:
            version = resolve(conn, found, path, selector or None, deps.live)
            case = case_of(conn, found, path, version.number, deps.more)
            places = deps.live.where(conn, found.id, [path]).get(path, ())
            standing = (
                standing_of(conn, found, case.request.number, deps.more) if case.request else None
            )
            # Live in an environment that asks for nothing is not published in the sense of the workflow.
            published = (
                case.progress is not None
                and case.progress.state == "approved"
                and case.request is not None
                and case.request.request.used_at is not None
                and any(place.version == version.number for place in places)
            )
            live = still_live(deps, conn, found, [standing.row]) if standing else {}
            still = live.get(standing.row.number, ()) if standing else ()
            return status_out(conn, found.name, case, standing, published, still)


def read_request(deps: WorkflowDeps, project: Project, number: int) -> RequestOut:
    """A request as it stands now."""
    with deps.db.read() as conn:
        standing = standing_of(conn, project, number, deps.more)
        live = still_live(deps, conn, project, [standing.row])
        return request_out(conn, project.name, standing, live.get(number, ()))
