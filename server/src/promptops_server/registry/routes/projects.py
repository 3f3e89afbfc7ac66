"""`/projects` and `/projects/{p}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from promptops_server.infra.database import Transaction
from promptops_server.infra.http import ActorDep, Cursor, IdempotencyKey, Limit, problem_responses
from promptops_server.registry import projects
from promptops_server.registry.model import Project
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
    once,
)
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
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        def work(keep: Callable[[Transaction, Project], None]) -> Project:
            return projects.create_project(
                deps.db,
                actor,
                deps.authorise,
                body.name,
                body.title,
                body.description,
                on_created=deps.on_created,
                keep=keep,
            )

        status, answer = once(
            deps,
            actor,
            request,
            idempotency_key,
            body,
            work,
            lambda made: (201, project_out(made).model_dump()),
        )
        url = f"{request.url.path}/{body.name}"
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
