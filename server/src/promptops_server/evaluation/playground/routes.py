"""`/projects/{p}/playground` and `/projects/{p}/playground/cases`. Routes only parse, call and render."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from promptops_server.evaluation.playground.add_case import add_case
from promptops_server.evaluation.playground.case_text import NewCase
from promptops_server.evaluation.playground.play import Play, begin
from promptops_server.evaluation.playground.ports import PlayDeps
from promptops_server.evaluation.playground.prepare import MAX_TARGETS, Prepared, Wanted
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.http import ActorDep, if_match, problem_responses
from promptops_server.infra.problems import BadRequest, Unavailable
from promptops_server.registry.content import MAX_FILE_BYTES
from promptops_server.registry.paths import address_path
from promptops_server.registry.routes.deps import split_selector


class PlayIn(BaseModel):
    """A prompt, what it is filled with, and the targets to ask."""

    model_config = ConfigDict(extra="forbid")

    path: Line = Field(
        min_length=1,
        max_length=600,
        description="`module/prompt`, with `@7` or `@production` or not",
    )
    content: Annotated[str, Field(max_length=MAX_FILE_BYTES)] | None = Field(
        None, description="A prompt file that is no version yet; `path` then says whose it is"
    )
    inputs: dict[str, Any] = Field(default_factory=dict, description="The variables by name")
    messages: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict, description="Messages for the placeholders, by name"
    )
    targets: list[Annotated[Line, Field(min_length=1, max_length=100)]] = Field(
        min_length=1, max_length=MAX_TARGETS
    )
    max_cost: int | None = Field(
        None, ge=0, le=2**53, description="Millionths of a US dollar, for all targets together"
    )


class CaseIn(BaseModel):
    """A case as it is to stand in the suite."""

    model_config = ConfigDict(extra="forbid")

    path: Line = Field(min_length=1, max_length=600, description="The prompt")
    suite: Annotated[Line, Field(min_length=1, max_length=700)] | None = Field(
        None,
        description="A short name for `<prompt>.<name>.suite.yml`, or a path; without it `<prompt>.suite.yml`",
    )
    inputs: dict[str, Any] = Field(default_factory=dict)
    expected: Any = Field(None, description="What the answer is compared with")
    checks: list[dict[str, Any]] = Field(
        default_factory=list,
        max_length=50,
        description="Evaluators of this case as a suite file writes them, e.g. `{string: {contains: …}}`",
    )
    name: Annotated[Line, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Without it the case is known by its inputs"
    )
    message: Annotated[Lines, Field(max_length=500)] | None = Field(
        None, description="Why; without it one is made"
    )


class CaseOut(BaseModel):
    """The suite with its new case. `commit` is the one that added it."""

    suite: str
    file: str
    case: str = Field(description="The key of the case")
    cases: int
    commit: str | None


def router(deps: PlayDeps) -> APIRouter:
    """The routes of trying a prompt."""
    api = APIRouter(tags=["playground"])
    under_way: set[Play] = set()

    @api.post(
        "/projects/{project}/playground",
        summary="Try a prompt on several targets at once",
        description=(
            "Server-sent events of all targets: `start` (changes made for the model, tokens, the most it can cost), "
            "`delta` (text as it comes), `done` (the whole answer, usage, cost, times) or `error`, and at last `end`. "
            "Comments keep the stream alive. Nothing of it is stored; closing the connection ends the calls."
        ),
        response_class=StreamingResponse,
        responses={
            200: {"content": {"text/event-stream": {}}},
            **problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
        },
    )
    async def play(project: str, given: PlayIn, actor: ActorDep) -> StreamingResponse:
        path, selector = split_selector(given.path)
        address_path(path)
        if selector is not None and given.content is not None:
            raise BadRequest(
                "A version and `content` cannot be tried together.", remedy="Leave one away."
            )
        if len(under_way) >= deps.at_once:
            problem = Unavailable(
                "Too many prompts are being tried at the moment.",
                remedy="Try again in a few seconds.",
                slug="busy",
            )
            problem.headers["Retry-After"] = "5"
            raise problem
        wanted = Wanted(
            path=path,
            targets=tuple(dict.fromkeys(given.targets)),
            inputs=given.inputs,
            messages=given.messages,
            selector=selector,
            content=given.content,
            max_cost=given.max_cost,
        )
        prepared = await run_in_threadpool(begin, deps, actor, project, wanted)
        return StreamingResponse(
            _stream(deps, prepared, under_way),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @api.post(
        "/projects/{project}/playground/cases",
        status_code=201,
        summary="Make a try a case of a suite",
        description=(
            "One commit on `main` that adds the case; comments and order of the file stay. With `If-Match` (the entity tag "
            "of the suite) only if the suite is still that one."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
    )
    def cases(
        project: str, given: CaseIn, actor: ActorDep, request: Request, response: Response
    ) -> CaseOut:
        path = address_path(given.path)
        added = add_case(
            deps.db,
            actor,
            deps.authorise,
            project,
            path,
            NewCase(given.inputs, given.name, given.expected, given.checks),
            suite=given.suite,
            base=if_match(request),
            message=given.message,
        )
        stored = added.stored
        response.headers["ETag"] = f'"{stored.blob or "none"}"'
        return CaseOut(
            suite=stored.path,
            file=stored.file,
            case=added.key,
            cases=len(stored.suite.cases) if stored.suite else 0,
            commit=stored.commit,
        )

    return api


async def _stream(deps: PlayDeps, prepared: Prepared, under_way: set[Play]) -> AsyncIterator[bytes]:
    play = Play(deps, prepared)
    under_way.add(play)
    try:
        async for event in play.events():
            if event is None:
                yield b": here\n\n"
                continue
            data = json.dumps(event.data, ensure_ascii=True, separators=(",", ":"))
            yield f"event: {event.kind}\ndata: {data}\n\n".encode()
    finally:
        play.stop()
        under_way.discard(play)
