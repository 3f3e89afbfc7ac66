"""`/projects/{p}/matrix` and `/projects/{p}/matrix/{path}`. Routes only parse, call and render."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from promptops_server.evaluation.matrix import export
from promptops_server.evaluation.matrix.model import Cell, Column, PromptRow
from promptops_server.evaluation.matrix.ports import MatrixDeps
from promptops_server.evaluation.matrix.read import HEAD, MOST, Asked, read_matrix, read_prompt
from promptops_server.evaluation.model import Verdict
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.cursor import DEFAULT_LIMIT
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable

MARKDOWN_ROWS = 1_000
_VERDICTS = frozenset(get_args(Verdict))


class ReasonOut(BaseModel):
    """One thing that changed since the cell was tested."""

    what: Literal["content", "suite", "target", "catalogue", "answers_as"]
    words: str


class CellOut(BaseModel):
    """A prompt on a target."""

    target: str
    verdict: Verdict
    words: str = Field(description="What the verdict follows from")
    tested: Literal["works", "needs_tuning", "fails", "untested"] | None = Field(
        description="The verdict of the run, whatever changed since"
    )
    passed: int
    cases: int
    bound: float | None = Field(
        description="Lower end of Wilson's interval at 95 %, two-sided, of the share of cases that pass"
    )
    reasons: list[ReasonOut] = Field(description="Why it is out of date")
    failing: dict[str, list[str]] = Field(description="Per check the first cases that do not pass")
    errors: dict[str, int] = Field(description="Per fault the calls without an answer")
    run: int | None = Field(description="The number of the run behind it")
    run_url: str | None
    version: int | None = Field(description="The version that was tested; null for a draft")
    suites: list[str]
    model: str = Field(description="What the endpoint said it was")
    cost: int | None = Field(description="Millionths of a US dollar")
    latency_ms: float | None = Field(description="Median")
    tested_at: str | None


class ColumnOut(BaseModel):
    """A target, as it is now."""

    name: str
    model: str
    endpoint: str
    answers_as: str
    problem: str = Field(description="Why it cannot be asked; empty when nothing is known")
    family: str | None = Field(description="The model's, such as `claude`; null where not known")


class RowOut(BaseModel):
    """A prompt with a cell for every target, in the order of `targets`."""

    address: str
    path: str
    version: int | None
    behaviour: str | None
    suites: dict[str, str] = Field(description="The suites that belong to it: name to digest")
    cells: list[CellOut]


class MatrixPage(BaseModel):
    """A page of the matrix."""

    at: str
    targets: list[ColumnOut]
    items: list[RowOut]
    next: str | None


class PromptMatrix(BaseModel):
    """One prompt's cells."""

    at: str
    targets: list[ColumnOut]
    prompt: RowOut


_Targets = Annotated[str, Query(max_length=5_200, description="Names of targets, commas between")]
_At = Annotated[Line, Query(max_length=100, description="`head`, or an environment")]


def router(deps: MatrixDeps) -> APIRouter:
    """The routes of the matrix."""
    api = APIRouter(tags=["matrix"])

    @api.get(
        "/projects/{project}/matrix",
        response_model=MatrixPage,
        summary="The compatibility matrix: prompts × model targets",
        description=(
            f"A page by path, of at most {MOST} prompts; with `q` what matches best first. `verdict` keeps prompts with "
            "such a cell; a page may then be short and still have a `next`. `format=csv` gives every cell, "
            f"`format=markdown` the first {MARKDOWN_ROWS:,} prompts; both without pages."
        ),
        responses=problem_responses(400, 401, 404),
    )
    def matrix(
        request: Request,
        actor: ActorDep,
        project: str,
        q: Annotated[Line, Query(max_length=500, description="Words that must all occur")] = "",
        module: Annotated[Line, Query(max_length=600, description="Only below this module")] = "",
        targets: _Targets = "",
        verdict: Annotated[str, Query(max_length=100, description="Commas between")] = "",
        at: _At = HEAD,
        form: Annotated[Literal["json", "csv", "markdown"], Query(alias="format")] = "json",
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Response:
        require_readable(deps.authorise, actor, project)
        asked = Asked(q, module.strip("/"), _names(targets), _verdicts(verdict), at)
        if form == "csv":
            pages = _pages(deps, project, asked)
            first = next(pages)  # a refusal is an answer, and not a broken stream
            return StreamingResponse(
                _csv(project, first, pages), media_type="text/csv; charset=utf-8"
            )
        if form == "markdown":
            return _markdown(deps, project, asked)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            columns, page = read_matrix(
                conn, found, asked, deps.live, deps.around, limit=limit, cursor=cursor
            )
        told = {
            "at": at,
            "targets": [_column(column) for column in columns],
            "items": [_row(project, row) for row in page.items],
            "next": page.next,
        }
        return _tagged(request, told)

    @api.get(
        "/projects/{project}/matrix/{path:path}",
        response_model=PromptMatrix,
        summary="One prompt on all model targets",
        responses=problem_responses(400, 401, 404),
    )
    def prompt_matrix(
        request: Request,
        actor: ActorDep,
        project: str,
        path: str,
        targets: _Targets = "",
        at: _At = HEAD,
    ) -> Response:
        require_readable(deps.authorise, actor, project)
        address_path(path)
        asked = Asked(targets=_names(targets), at=at)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            columns, row = read_prompt(conn, found, path, asked, deps.live, deps.around)
        told = {
            "at": at,
            "targets": [_column(column) for column in columns],
            "prompt": _row(project, row),
        }
        return _tagged(request, told)

    return api


def _pages(deps: MatrixDeps, project: str, asked: Asked) -> Iterator[list[PromptRow]]:
    """All pages, each read by itself: a reader that is slow holds no snapshot."""
    cursor: str | None = None
    while True:
        with deps.db.read() as conn:
            found = get_project(conn, project)
            _, page = read_matrix(
                conn, found, asked, deps.live, deps.around, limit=MOST, cursor=cursor
            )
        yield page.items
        cursor = page.next
        if cursor is None:
            return


def _csv(project: str, first: list[PromptRow], pages: Iterator[list[PromptRow]]) -> Iterator[str]:
    yield export.csv_head() + export.csv_rows(project, first)
    for rows in pages:
        yield export.csv_rows(project, rows)


def _markdown(deps: MatrixDeps, project: str, asked: Asked) -> Response:
    columns: tuple[Column, ...] = ()
    rows: list[PromptRow] = []
    cursor: str | None = None
    while len(rows) < MARKDOWN_ROWS:
        with deps.db.read() as conn:
            found = get_project(conn, project)
            columns, page = read_matrix(
                conn, found, asked, deps.live, deps.around, limit=MOST, cursor=cursor
            )
        rows += page.items
        cursor = page.next
        if cursor is None:
            break
    text = export.markdown(project, columns, rows, whole=cursor is None)
    return Response(text, media_type="text/markdown; charset=utf-8")


def _tagged(request: Request, told: dict[str, Any]) -> Response:
    """The answer with its entity tag, or 304."""
    data = orjson.dumps(told)
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    given = request.headers.get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in given.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="application/json", headers=headers)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _verdicts(text: str) -> frozenset[Verdict]:
    given = _names(text.replace("-", "_"))
    wrong = [name for name in given if name not in _VERDICTS]
    if wrong:
        raise BadRequest(
            f"{wrong[0][:60]!r} is no verdict.",
            remedy=f"Verdicts are {', '.join(sorted(_VERDICTS))}.",
            slug="bad-verdict",
        )
    return frozenset(given)  # type: ignore[arg-type]


def _column(column: Column) -> dict[str, Any]:
    """As `ColumnOut`."""
    return {
        "name": column.name,
        "model": column.model,
        "endpoint": column.endpoint,
        "answers_as": column.answers_as,
        "problem": column.problem,
        "family": column.family,
    }


def _row(project: str, row: PromptRow) -> dict[str, Any]:
    """As `RowOut`; a page has hundreds of cells, which models would take longer to make than to read."""
    line = row.line
    at = "" if line.version is None else f"@{line.version}"
    return {
        "address": f"{project}/{line.path}{at}",
        "path": line.path,
        "version": line.version,
        "behaviour": line.behaviour,
        "suites": dict(line.suites),
        "cells": [_cell(project, cell) for cell in row.cells],
    }


def _cell(project: str, cell: Cell) -> dict[str, Any]:
    """As `CellOut`."""
    return {
        "target": cell.target,
        "verdict": cell.verdict,
        "words": cell.words,
        "tested": cell.tested,
        "passed": cell.passed,
        "cases": cell.cases,
        "bound": cell.bound,
        "reasons": [{"what": reason.what, "words": reason.words} for reason in cell.reasons],
        "failing": cell.failing,
        "errors": cell.errors,
        "run": cell.run,
        "run_url": None if cell.run is None else f"/api/v1/projects/{project}/runs/{cell.run}",
        "version": cell.version,
        "suites": cell.suites,
        "model": cell.model,
        "cost": cell.cost,
        "latency_ms": cell.latency_ms,
        "tested_at": None if cell.updated_at is None else to_text(cell.updated_at),
    }
