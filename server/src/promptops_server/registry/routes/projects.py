"""`/projects` and `/projects/{p}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from promptops_server.infra.database import again_if_taken
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.idempotency import request_hash, run_once
from promptops_server.registry import projects
from promptops_server.registry.routes.deps import LIMIT, Cursor, Limit, RegistryDeps
from promptops_server.registry.routes.schemas import (
    ProjectIn,
    ProjectOut,
    ProjectPage,
    project_out,
)


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of projects."""

    @router.post(
        "/projects",
        status_code=201,
        response_model=ProjectOut,
        summary="Create a project with its empty repository",
        responses=problem_responses(400, 401, 403, 409, 422),
        tags=["projects"],
    )
    def create(
        body: ProjectIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> JSONResponse:
        given = (body.name, body.title, body.description)
        projects.check_new_project(actor, deps.authorise, *given)
        url = f"{request.url.path}/{body.name}"
        fingerprint = request_hash("POST", "/projects", body.model_dump_json().encode())

        def make() -> tuple[int, dict[str, Any]]:
            with deps.db.write() as tx:
                return run_once(
                    tx,
                    actor,
                    idempotency_key,
                    fingerprint,
                    lambda: (
                        201,
                        project_out(
                            projects.create_project_in(
                                tx, actor, *given, on_created=deps.on_created
                            )
                        ).model_dump(),
                    ),
                )

        status, answer = again_if_taken(make)
        return JSONResponse(answer, status, {"Location": url})

    @router.get(
        "/projects",
        summary="List the projects you may read",
        responses=problem_responses(400, 401),
        tags=["projects"],
    )
    def listing(
        actor: ActorDep,
        q: Annotated[str, Query(max_length=200, description="Part of a name or title")] = "",
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> ProjectPage:
        with deps.db.read() as conn:
            found = projects.list_projects(
                conn, actor, deps.authorise, q=q, limit=limit, cursor=cursor
            )
        return ProjectPage(items=[project_out(p) for p in found.items], next=found.next)

    @router.get(
        "/projects/{project}",
        summary="Show a project",
        responses=problem_responses(401, 404),
        tags=["projects"],
    )
    def show(project: str, actor: ActorDep) -> ProjectOut:
        projects.require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            return project_out(projects.get_project(conn, project))
