"""`/projects/{p}/render/{path}` and `/projects/{p}/render`: a prompt's messages, as an application would get them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.providers.model import Target
from promptops_server.registry.json_form import read_json, text_of
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.rendering import models, render
from promptops_server.registry.rendering.render import Artifact, Asked
from promptops_server.registry.routes.deps import RegistryDeps, split_selector
from promptops_server.registry.versions import resolve


class RenderIn(BaseModel):
    """What a prompt is rendered with."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict, description="The variables by name")
    messages: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict, description="Messages for the placeholders, by name"
    )
    model: str | None = Field(
        None,
        max_length=200,
        description="A model id or a family such as `claude`: chooses the variant, and gives the request it would get",
    )
    target: Line | None = Field(
        None,
        max_length=100,
        description="A model target of the installation, in place of `model`: the request for its endpoint",
    )
    protocol: Literal["openai", "anthropic"] | None = Field(
        None,
        alias="for",
        description="Also give `call`: the arguments for this provider's SDK",
    )


class PreviewIn(RenderIn):
    """A prompt that is no version yet, and what it is rendered with."""

    content: str | None = Field(None, description="The prompt file as YAML text")
    prompt: dict[str, Any] | None = Field(None, description="Or its JSON form")


class NoteOut(BaseModel):
    """A change made for a model."""

    rule: str
    parameter: str
    what: str
    source: str
    date: str


class TokensOut(BaseModel):
    """The tokens that would go in."""

    count: int
    exact: bool
    tokenizer: str
    why: str = Field(description="What makes it an estimate; empty when exact")


class CostEstimateOut(BaseModel):
    """What the call can cost."""

    at_most: int | None = Field(
        description="Millionths of a US dollar; null where the price or a limit is not known"
    )
    price_source: str | None
    price_date: str | None


class RenderedOut(BaseModel):
    """A rendered prompt. A preview has no address, version and commit."""

    address: str | None = Field(description="`project/module/prompt`")
    path: str | None
    version: int | None
    commit: str | None
    behaviour: str | None
    variant: str | None = Field(description="Key of the variant; null for the prompt itself")
    model: str | None = Field(description="The model id of the prompt or variant")
    parameters: dict[str, Any]
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    responseFormat: str | None
    jsonSchema: dict[str, Any] | None
    retrieval: dict[str, Any] | None
    requires: list[str] = Field(description="Optional features that applications need")
    call: dict[str, Any] | None = Field(None, description="Only with `for`")
    target: str | None = Field(
        None, description="The model target; this and the following only with `model` or `target`"
    )
    request: dict[str, Any] | None = Field(
        None, description="The body that would go on the wire, after the contracts of the model"
    )
    request_refused: str | None = Field(
        None, description="Why there is no body: what the model's protocol cannot say"
    )
    endpoint: dict[str, Any] | None = Field(
        None, description="With `target`: `method`, `url` and `headers`, without secrets"
    )
    notes: list[NoteOut] | None = Field(None, description="Every change made for the model")
    tokens: TokensOut | None = None
    cost_estimate: CostEstimateOut | None = None


_Given = TypeVar("_Given", bound=RenderIn)
_REFUSALS = problem_responses(400, 401, 404, 409, 413, 422, 503)


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of rendering."""

    @router.post(
        "/projects/{project}/render/{path:path}",
        response_model=RenderedOut,
        summary="Render a version of a prompt",
        description=(
            "The newest version, or `{path}@7`, `{path}@production`, `{path}@3f9c2ab`. The answer is what the SDK's "
            "`render`, and with `for` its `for_openai` or `for_anthropic`, gives; with `model` or `target` also the request "
            "that would be sent, its tokens and cost. Stores nothing."
        ),
        responses=_REFUSALS,
        openapi_extra=_body(RenderIn),
        tags=["rendering"],
    )
    async def render_version(
        project: str, path: str, actor: ActorDep, request: Request
    ) -> Response:
        require_readable(deps.authorise, actor, project)
        given = _read(RenderIn, await request.body())
        bare, selector = split_selector(path)
        address_path(bare)

        def artifact(conn: Connection, found: Project) -> Artifact:
            version = resolve(conn, found, bare, selector, deps.live)
            return render.artifact_of_version(conn, found, version)

        return await _answer(deps, project, given, artifact)

    @router.post(
        "/projects/{project}/render",
        response_model=RenderedOut,
        summary="Render a prompt file that is not stored",
        description="For editors: `content` or `prompt`, with the fragments of this project. Stores nothing.",
        responses=_REFUSALS,
        openapi_extra=_body(PreviewIn),
        tags=["rendering"],
    )
    async def render_text(project: str, actor: ActorDep, request: Request) -> Response:
        require_readable(deps.authorise, actor, project)
        given = _read(PreviewIn, await request.body())
        if (given.content is None) == (given.prompt is None):
            raise BadRequest(
                "Exactly one of `content` and `prompt` is needed.",
                remedy='Send {"content": "the YAML text"}, or {"prompt": {"messages": […]}}.',
            )

        def artifact(conn: Connection, found: Project) -> Artifact:
            text = given.content if given.content is not None else text_of(given.prompt or {}, None)
            return render.artifact_of_text(conn, found, text.encode("utf-8", "surrogatepass"))

        return await _answer(deps, project, given, artifact)


async def _answer(
    deps: RegistryDeps,
    project: str,
    given: RenderIn,
    artifact: Callable[[Connection, Project], Artifact],
) -> Response:
    limited = deps.limited_renderer

    def work() -> tuple[dict[str, Any], dict[str, Any] | None, Target | None]:
        with deps.db.read() as conn:
            found = get_project(conn, project)
            target = models.target_of(deps.models, conn, found.name, given.target, given.model)
            compiled = artifact(conn, found)
        model = models.variant_model(target, given.model)
        asked = Asked(given.inputs, given.messages, model, given.protocol)
        request = render.prepare(compiled, asked)
        light = render.is_light(request, limited.limits)
        return request, render.render_here(request) if light else None, target

    request, document, target = await run_in_threadpool(work)
    if document is None:
        document = await render.render_limited(limited, request)
    if given.model is not None or target is not None:
        more = await run_in_threadpool(models.members, deps.models, document, target, given.model)
        document = {**document, **more}
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


def _read(kind: type[_Given], body: bytes) -> _Given:
    try:
        return kind.model_validate(read_json(body))
    except ValidationError as error:
        raise Invalid(
            "The body does not say what to render.",
            errors=[
                {"field": ".".join(map(str, e["loc"])), "message": e["msg"]}
                for e in error.errors(
                    include_url=False, include_input=False, include_context=False
                )[:50]
            ],
        ) from None


def _body(kind: type[BaseModel]) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": kind.model_json_schema()}},
        }
    }
