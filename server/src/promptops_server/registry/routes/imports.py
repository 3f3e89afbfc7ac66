"""`/projects/{p}/imports`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from promptops_server.infra import json_bodies
from promptops_server.infra.actor import Actor
from promptops_server.infra.http import ActorDep, IdempotencyKey, problem_responses
from promptops_server.infra.idempotency import request_hash, run_once
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.frame import check_message
from promptops_server.registry.edits.import_prompts import (
    import_in,
    may_import,
    may_import_these,
    prepare_import,
)
from promptops_server.registry.projects import get_project
from promptops_server.registry.routes.deps import RegistryDeps
from promptops_server.registry.routes.schemas import ImportIn, ImportOut, import_out


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route of imports."""

    @router.post(
        "/projects/{project}/imports",
        response_model=ImportOut,
        summary="Import many prompts as one commit",
        description=(
            "At most 5,000 prompts. Each prompt gets its own result; refused ones do not "
            "keep the others out."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
        openapi_extra=json_bodies.described(ImportIn),
        tags=["prompts"],
    )
    async def import_many(
        project: str,
        request: Request,
        actor: ActorDep,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        may_import(actor, deps.authorise, project)
        body = await request.body()
        return await run_in_threadpool(_run, deps, actor, project, body, idempotency_key)


def _run(deps: RegistryDeps, actor: Actor, project: str, body: bytes, key: str | None) -> Response:
    given = json_bodies.read_as(ImportIn, body, "The body is not an import.")
    message = check_message(given.message)
    prepared = prepare_import(
        [(item.path, item.content) for item in given.prompts], allow_invalid=given.allow_invalid
    )
    may_import_these(actor, deps.authorise, project, prepared)
    fingerprint = request_hash("POST", f"/projects/{project}/imports", body)

    with deps.db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)

        def work() -> tuple[int, dict[str, Any]]:
            done = import_in(
                tx,
                actor,
                found,
                prepared,
                message=message,
                on_conflict=given.on_conflict,
                allow_invalid=given.allow_invalid,
            )
            return 200, import_out(done)

        status, answer = run_once(tx, actor, key, fingerprint, work)
    return JSONResponse(answer, status)
