"""`/projects/{p}/runs`. Routes only parse, call and render."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from promptops_server.evaluation.model import RunState
from promptops_server.evaluation.runs import store, wire
from promptops_server.evaluation.runs.cancel import cancel_run
from promptops_server.evaluation.runs.model import Run
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.evaluation.runs.read import find_project, find_run, target_named
from promptops_server.evaluation.runs.report import FORMATS
from promptops_server.evaluation.runs.resume import resume_run
from promptops_server.evaluation.runs.start import estimate_run, start_run
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.http import (
    ActorDep,
    Cursor,
    IdempotencyKey,
    Limit,
    fingerprint,
    problem_responses,
)
from promptops_server.infra.idempotency import answer_once

_BASE = "/projects/{project}/runs"
LONGEST_WAIT = 60.0
_LOOK_SECONDS = 0.01
_OTHERS_LOOK_SECONDS = 0.3
_LEAST_SECONDS = 0.15
"""Between an answer and the next one that only tells progress: a run may store results every few milliseconds."""

Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


def router(deps: RunDeps) -> APIRouter:
    """The routes of test runs."""
    api = APIRouter(tags=["runs"], responses=problem_responses(400, 401, 403, 404, 409, 422))

    @api.post(
        _BASE,
        status_code=202,
        summary="Test a prompt on models",
        description="Answers at once; the run is a job. With `dry_run` nothing is made: status 200 and the plan.",
        response_model=wire.RunOut,
        responses={200: {"model": wire.PlanOut, "description": "The plan of a `dry_run`"}},
    )
    def start(
        actor: ActorDep,
        project: str,
        body: wire.RunIn,
        request: Request,
        key: IdempotencyKey = None,
    ) -> Response:
        wanted = body.wanted()
        if body.dry_run:
            return JSONResponse(
                wire.plan_out(*estimate_run(deps, actor, project, wanted)).model_dump()
            )

        def work(keep: Any) -> dict[str, Any]:
            made: list[dict[str, Any]] = []

            def last(tx: Transaction, run: Run) -> None:
                made.append(wire.run_out(tx.conn, project, run).model_dump())
                keep(tx, made[0])

            start_run(deps, actor, project, wanted, keep=last)
            return made[0]

        status, answer = answer_once(
            deps.db, actor, key, fingerprint(request, body), work, lambda made: (202, made)
        )
        return JSONResponse(
            answer, status, {"Location": f"/api/v1/projects/{project}/runs/{answer['number']}"}
        )

    @api.get(_BASE, summary="Test runs of a project, newest first")
    def list_runs(
        actor: ActorDep,
        project: str,
        path: str | None = None,
        state: RunState | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> wire.RunPage:
        with deps.db.read() as conn:
            found = find_project(deps, conn, actor, project)
            page = store.page(conn, found.id, path=path, state=state, limit=limit, after=cursor)
            items = wire.runs_out(conn, found.name, page.items)
        return wire.RunPage(items=items, next=page.next)

    @api.get(
        _BASE + "/{number}",
        summary="One run",
        description="With `wait` and `seen` it answers when the run's `revision` differs from `seen`, at the latest "
        "after `wait` seconds.",
    )
    async def show_run(
        actor: ActorDep,
        project: str,
        number: Number,
        wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
        seen: Annotated[str | None, Query(max_length=100)] = None,
    ) -> wire.RunOut:
        def look() -> tuple[str, wire.RunOut]:
            with deps.db.read() as conn:
                found = find_run(deps, conn, actor, project, number)
                return found.id, wire.run_out(conn, project, found)

        began = time.monotonic()
        while True:
            run_id, shown = await run_in_threadpool(look)
            waited = time.monotonic() - began
            over = shown.state not in ("waiting", "running")
            if over or waited >= wait or seen is None:
                return shown
            told, least = shown.revision == seen, _LEAST_SECONDS - waited
            if not told and least <= 0:
                return shown
            await _until_moved(deps, run_id, wait - waited if told else least, least)

    @api.get(_BASE + "/{number}/results", summary="Results of a run, without texts")
    def list_results(
        actor: ActorDep,
        project: str,
        number: Number,
        target: str | None = None,
        passed: bool | None = None,
        state: Literal["waiting", "done", "error", "skipped"] | None = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> wire.ResultPage:
        with deps.db.read() as conn:
            found = find_run(deps, conn, actor, project, number)
            rows = store.results(
                conn,
                found.id,
                target_id=None if target is None else target_named(found, target),
                passed=passed,
                state=state,
                limit=limit + 1,
                after=pages.decode(cursor, int)[0] if cursor else -1,
            )
        page = pages.page(rows, limit, lambda row: (int(row.ordinal),))
        items = [wire.ResultOut(**wire.result_fields(found, row)) for row in page.items]
        return wire.ResultPage(items=items, next=page.next)

    @api.get(_BASE + "/{number}/results/{ordinal}", summary="One result, with request and reply")
    def show_result(
        actor: ActorDep, project: str, number: Number, ordinal: Number
    ) -> wire.WholeResultOut:
        with deps.db.read() as conn:
            found = find_run(deps, conn, actor, project, number)
            row = store.one_result(conn, found.id, ordinal)
        return wire.WholeResultOut(**wire.whole_result_fields(found, row))

    @api.post(_BASE + "/{number}/cancel", summary="Cancel a run")
    def cancel(actor: ActorDep, project: str, number: Number) -> wire.RunOut:
        return _shown(deps, project, cancel_run(deps, actor, project, number))

    @api.post(_BASE + "/{number}/resume", status_code=202, summary="Resume a run")
    def resume(
        actor: ActorDep, project: str, number: Number, body: wire.ResumeIn | None = None
    ) -> wire.RunOut:
        limit = None if body is None else body.max_cost
        return _shown(deps, project, resume_run(deps, actor, project, number, max_cost=limit))

    @api.get(
        _BASE + "/{number}/report",
        summary="A run as a report",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind, _ in FORMATS.values()}}},
    )
    def report(
        actor: ActorDep,
        project: str,
        number: Number,
        format: Literal["junit", "html", "json"] = "html",
    ) -> Response:
        kind, write = FORMATS[format]
        found, pieces = _reported(deps, actor, project, number, write)
        name = f"{project}-run-{found.number}.{'xml' if format == 'junit' else format}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(pieces, media_type=kind, headers=headers)

    return api


async def _until_moved(deps: RunDeps, run_id: str, at_most: float, at_least: float) -> None:
    """Return when the run moved, as far as this process knows, or when it is time to look at the row.

    Before `at_least` seconds only when it begins or ends here.
    """
    before = deps.watched.moved(run_id)
    began = time.monotonic()
    at_most = min(at_most, _OTHERS_LOOK_SECONDS)
    while (waited := time.monotonic() - began) < at_most:
        await asyncio.sleep(min(at_most - waited, _LOOK_SECONDS))
        now = deps.watched.moved(run_id)
        if now != before and (waited >= at_least or None in (now, before)):
            return


def _shown(deps: RunDeps, project: str, found: Run) -> wire.RunOut:
    with deps.db.read() as conn:
        return wire.run_out(conn, project, found)


def _reported(
    deps: RunDeps, actor: Actor, project: str, number: int, write: Any
) -> tuple[Run, Iterator[str]]:
    from promptops_server.evaluation.runs.report.material import material_of

    with deps.db.read() as conn:
        found = find_run(deps, conn, actor, project, number)
        shown = wire.run_out(conn, project, found)
        contents = store.contents(conn, found.id)
    return found, write(material_of(deps.db, found, shown.model_dump(), contents))
