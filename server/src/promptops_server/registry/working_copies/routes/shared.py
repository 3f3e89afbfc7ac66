"""`/shared-working-copies/{share}`: somebody's working copy, followed by link."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.registry.projects import get_project
from promptops_server.registry.working_copies.look import show_copy
from promptops_server.registry.working_copies.refusals import tag_of
from promptops_server.registry.working_copies.routes.deps import WorkingCopyDeps, seen_state
from promptops_server.registry.working_copies.routes.schemas import (
    CopyOut,
    SharedOut,
    copy_fields,
)
from promptops_server.registry.working_copies.share import (
    open_shared,
    take_shared,
    unshare_copy,
)


def add_routes(router: APIRouter, deps: WorkingCopyDeps) -> None:
    """Add the routes of shared working copies."""

    @router.get(
        "/shared-working-copies/{share}",
        summary="Read a shared working copy",
        description="For everybody who may read its project and has the link.",
        responses=problem_responses(401, 404),
    )
    def read(share: str, actor: ActorDep) -> SharedOut:
        with deps.db.read() as conn:
            found, copy = open_shared(conn, actor, deps.authorise, share)
            shown = show_copy(conn, found, copy, diff=True)
        fields = copy_fields(shown, deps.keep_days)
        return SharedOut(**fields)

    @router.post(
        "/shared-working-copies/{share}/take",
        summary="Make a shared text your own working copy",
        description=(
            "With the same parent. A copy you have of that prompt is replaced only in the state "
            "`If-Match` names, and `undo` brings it back."
        ),
        response_model=CopyOut,
        responses={
            201: {"description": "You had no working copy before", "model": CopyOut},
            **problem_responses(400, 401, 403, 404, 409),
        },
    )
    def take(share: str, actor: ActorDep, request: Request) -> Response:
        done = take_shared(deps.db, actor, deps.authorise, share, seen=seen_state(request))
        with deps.db.read() as conn:
            shown = show_copy(conn, get_project(conn, done.copy.project), done.copy)
        return JSONResponse(
            copy_fields(shown, deps.keep_days),
            201 if done.created else 200,
            {"ETag": tag_of(done.copy)},
        )

    @router.delete(
        "/shared-working-copies/{share}",
        summary="Revoke a link of yours",
        status_code=204,
        response_class=Response,
        responses=problem_responses(401, 404),
    )
    def revoke(share: str, actor: ActorDep) -> Response:
        unshare_copy(deps.db, actor, deps.authorise, share)
        return Response(status_code=204)
