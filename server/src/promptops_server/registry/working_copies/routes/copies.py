"""`/projects/{p}/working-copies` and `/projects/{p}/working-copies/{path}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.edits.put import may_put, may_put_somewhere
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project
from promptops_server.registry.routes.deps import (
    LIMIT,
)
from promptops_server.registry.working_copies.discard import discard_copy, discard_of
from promptops_server.registry.working_copies.look import get_copy, list_copies, show_copy
from promptops_server.registry.working_copies.refusals import tag_of
from promptops_server.registry.working_copies.routes.deps import WorkingCopyDeps, seen_state
from promptops_server.registry.working_copies.routes.schemas import (
    CopyItem,
    CopyOut,
    CopyPage,
    CopyState,
    SaveIn,
    copy_fields,
    item_fields,
    state_fields,
)
from promptops_server.registry.working_copies.save import save_copy


def add_routes(router: APIRouter, deps: WorkingCopyDeps) -> None:
    """Add the routes of one's own working copies."""

    @router.get(
        "/projects/{project}/working-copies",
        summary="List your working copies in a project",
        description="By path. Nobody else's: not even an administrator sees what is not shared.",
        responses=problem_responses(400, 401, 403, 404),
    )
    def listing(
        project: str,
        actor: ActorDep,
        path: Annotated[
            str | None, Query(max_length=1000, description="Only that of this prompt, if any")
        ] = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> CopyPage:
        may_put_somewhere(actor, deps.authorise, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            page = list_copies(conn, found, actor, path=path, limit=limit, cursor=cursor)
        items = [
            CopyItem(**item_fields(copy, stands, deps.keep_days)) for copy, stands in page.items
        ]
        return CopyPage(items=items, next=page.next)

    @router.get(
        "/projects/{project}/working-copies/{path:path}",
        summary="Read your working copy of a prompt",
        response_model=CopyOut,
        responses=problem_responses(400, 401, 403, 404),
    )
    def read(
        project: str,
        path: str,
        actor: ActorDep,
        diff: Annotated[bool, Query(description="With the difference to the parent")] = False,
    ) -> Response:
        may_put(actor, deps.authorise, project, path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            copy = get_copy(conn, found, actor.subject, path)
            shown = show_copy(conn, found, copy, diff=diff)
        return JSONResponse(copy_fields(shown, deps.keep_days), headers={"ETag": tag_of(copy)})

    @router.put(
        "/projects/{project}/working-copies/{path:path}",
        summary="Save your working copy of a prompt",
        description=(
            "Keeps any text, also an invalid or unfinished one; the answer says what is wrong with "
            "it. `If-Match` names the state the change was made from; without it only a new copy "
            "is made. The text that is saved already answers 200 and changes nothing."
        ),
        status_code=200,
        response_model=CopyState,
        responses={
            201: {"description": "There was no working copy before", "model": CopyState},
            **problem_responses(400, 401, 403, 404, 409, 413, 422, 428),
        },
    )
    def save(project: str, path: str, actor: ActorDep, request: Request, body: SaveIn) -> Response:
        done = save_copy(
            deps.db,
            actor,
            deps.authorise,
            project,
            path,
            body.text,
            seen=seen_state(request),
            parent=body.parent,
            message=body.message,
        )
        with deps.db.read() as conn:
            shown = show_copy(conn, get_project(conn, project), done.copy)
        return JSONResponse(
            state_fields(shown, deps.keep_days),
            201 if done.created else 200,
            {"ETag": tag_of(done.copy)},
        )

    @router.delete(
        "/projects/{project}/working-copies/{path:path}",
        summary="Discard a working copy",
        description=(
            "Your own; with `owner`, what another person left behind (who manages people may, "
            "without seeing it; it is audited)."
        ),
        status_code=204,
        response_class=Response,
        responses=problem_responses(400, 401, 403, 404, 409),
    )
    def discard(
        project: str,
        path: str,
        actor: ActorDep,
        request: Request,
        owner: Annotated[
            str | None, Query(max_length=100, description="A person's name; without it: you")
        ] = None,
    ) -> Response:
        if owner is None or owner == actor.name:
            seen = seen_state(request)
            discard_copy(deps.db, actor, deps.authorise, project, path, seen=seen)
        else:
            discard_of(deps.db, actor, deps.authorise, project, path, owner=owner)
        return Response(status_code=204)
