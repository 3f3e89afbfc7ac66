"""`/projects/{p}/views` and `/projects/{p}/facets`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.access.users import names_of
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import (
    ActorDep,
    Cursor,
    IdempotencyKey,
    Limit,
    fingerprint,
    problem_responses,
    tag_like,
)
from promptops_server.infra.idempotency import run_once
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.finding import views
from promptops_server.registry.finding.facet_counts import count_facets
from promptops_server.registry.finding.views import Draft, View
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
)
from promptops_server.registry.routes.query import PromptQuery, wanted_of

ColumnName = Literal[
    "path",
    "version",
    "name",
    "description",
    "model",
    "tags",
    "owners",
    "states",
    "live",
    "valid",
    "created_at",
    "updated_at",
    "archived_at",
]


class ViewIn(BaseModel):
    """A view as it is to be."""

    model_config = ConfigDict(extra="forbid")

    name: Line = Field(description="Letters, digits, `.`, `_`, `-`; starts with a letter or digit")
    shared: bool = Field(default=False, description="Seen by everybody who may read the project")
    query: PromptQuery = PromptQuery()
    columns: list[ColumnName] = Field(default=[], max_length=20)


class ViewOut(BaseModel):
    """A saved view."""

    id: str
    name: str
    shared: bool
    maker: str
    query: dict[str, Any]
    columns: list[str]
    created_at: str
    updated_at: str


class ViewPage(BaseModel):
    """A page of views."""

    items: list[ViewOut]
    next: str | None


class FacetCount(BaseModel):
    """A value with the number of its prompts."""

    value: str
    prompts: int


class FacetValues(BaseModel):
    """The most frequent values; `more` says that there are others."""

    values: list[FacetCount]
    more: bool


class FacetsOut(BaseModel):
    """What the prompts of a project can be narrowed by."""

    tag: FacetValues
    owner: FacetValues
    model: FacetValues
    family: FacetValues
    environment: FacetValues
    state: FacetValues


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of views and facets."""
    _add_facets(router, deps)
    _add_reading(router, deps)
    _add_writing(router, deps)


def _add_facets(router: APIRouter, deps: RegistryDeps) -> None:
    @router.get(
        "/projects/{project}/facets",
        summary="Count the prompts by tag, owner, model, environment and state",
        description="Exact counts over the whole project, the most frequent values of each first.",
        responses=problem_responses(400, 401, 404),
        tags=["prompts"],
    )
    def facets(
        project: str,
        actor: ActorDep,
        archived: Annotated[bool, Query(description="Of archived prompts instead")] = False,
        limit: Annotated[int, Query(ge=1, le=200, description="Values of each kind")] = 20,
    ) -> FacetsOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            counts = count_facets(conn, found, archived=archived, limit=limit)
        return FacetsOut(
            **{
                kind: FacetValues(
                    values=[FacetCount(value=c.value, prompts=c.prompts) for c in of_kind.values],
                    more=of_kind.more,
                )
                for kind, of_kind in counts.items()
            }
        )


def _add_reading(router: APIRouter, deps: RegistryDeps) -> None:
    @router.get(
        "/projects/{project}/views",
        summary="List your saved views and the shared ones",
        responses=problem_responses(400, 401, 404),
        tags=["views"],
    )
    def listing(
        project: str, actor: ActorDep, limit: Limit = LIMIT, cursor: Cursor = None
    ) -> ViewPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            page = views.list_views(conn, found, actor, limit=limit, cursor=cursor)
            names = names_of(conn, {v.maker for v in page.items})
        return ViewPage(items=[_out(v, names) for v in page.items], next=page.next)

    @router.get(
        "/projects/{project}/views/{view}",
        response_model=ViewOut,
        summary="Show a saved view, by name or id",
        responses=problem_responses(400, 401, 404),
        tags=["views"],
    )
    def show(project: str, view: str, actor: ActorDep) -> JSONResponse:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = views.find_view(conn, get_project(conn, project), actor, view)
            names = names_of(conn, {found.maker})
        return _answer(found, _out(found, names))


def _add_writing(router: APIRouter, deps: RegistryDeps) -> None:
    @router.post(
        "/projects/{project}/views",
        response_model=ViewOut,
        status_code=201,
        summary="Save a view",
        description="For yourself, or with `shared` for everybody who may read the project.",
        responses=problem_responses(400, 401, 404, 409, 413, 422),
        tags=["views"],
    )
    def create(
        project: str,
        body: ViewIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        require_readable(deps.authorise, actor, project)
        with deps.db.write() as tx:
            found = get_project(tx.conn, project)
            lock_project(tx.conn, found.id)

            def work() -> tuple[int, dict[str, Any]]:
                wanted_of(tx.conn, deps.live, found, body.query)
                made = views.create_view(tx, actor, found, _draft(body))
                return 201, _out(made, {made.maker: actor.name}).model_dump()

            status, answer = run_once(tx, actor, idempotency_key, fingerprint(request, body), work)
        url = f"{request.url.path}/{answer['id']}"
        return JSONResponse(answer, status, {"ETag": '"r1"', "Location": url})

    @router.put(
        "/projects/{project}/views/{view}",
        response_model=ViewOut,
        summary="Replace a saved view",
        description="A shared view by its maker or an administrator. `If-Match` names the view you read.",
        responses=problem_responses(400, 401, 403, 404, 409, 422),
        tags=["views"],
    )
    def replace(
        project: str, view: str, body: ViewIn, actor: ActorDep, request: Request
    ) -> JSONResponse:
        require_readable(deps.authorise, actor, project)
        revision = _revision(request)
        with deps.db.write() as tx:
            found = get_project(tx.conn, project)
            lock_project(tx.conn, found.id)
            wanted_of(tx.conn, deps.live, found, body.query)
            done = views.update_view(tx, actor, deps.authorise, found, view, _draft(body), revision)
            names = names_of(tx.conn, {done.maker})
        return _answer(done, _out(done, names))

    @router.delete(
        "/projects/{project}/views/{view}",
        status_code=204,
        summary="Remove a saved view",
        description="A shared view by its maker or an administrator.",
        responses=problem_responses(400, 401, 403, 404, 409),
        tags=["views"],
    )
    def remove(project: str, view: str, actor: ActorDep, request: Request) -> Response:
        require_readable(deps.authorise, actor, project)
        revision = _revision(request)
        with deps.db.write() as tx:
            found = get_project(tx.conn, project)
            lock_project(tx.conn, found.id)
            views.delete_view(tx, actor, deps.authorise, found, view, revision)
        return Response(status_code=204)


def _draft(body: ViewIn) -> Draft:
    return Draft(body.name, body.shared, body.query.given(), body.columns)


_TAG = re.compile(r"r([0-9]{1,10})")


def _revision(request: Request) -> int | None:
    found = tag_like(request, _TAG, "a view", example="r2")
    return None if found is None else int(found[1])


def _out(found: View, names: dict[str, str]) -> ViewOut:
    return ViewOut(
        id=found.id,
        name=found.name,
        shared=found.shared,
        maker=names.get(found.maker, found.maker),
        query=dict(found.query),
        columns=list(found.columns),
        created_at=to_text(found.created_at),
        updated_at=to_text(found.updated_at),
    )


def _answer(found: View, out: ViewOut) -> JSONResponse:
    return JSONResponse(out.model_dump(), 200, {"ETag": f'"r{found.revision}"'})
