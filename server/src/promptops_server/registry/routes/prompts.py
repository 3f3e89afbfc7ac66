"""`/projects/{p}/prompts`, `/projects/{p}/prompts/{path}` and `/projects/{p}/modules`."""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from promptops_server.infra.actor import Actor
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.put import may_put, put_prompt
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.modules import list_modules
from promptops_server.registry.finding.views import find_view
from promptops_server.registry.json_form import json_of, text_of
from promptops_server.registry.model import LivePlace
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.bodies import PUT_BODY, sent_prompt, wants_json
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
    parent_version,
    split_selector,
    tag_of,
    unchanged,
    version_url,
)
from promptops_server.registry.routes.query import ListQuery, PromptQuery, wanted_of
from promptops_server.registry.routes.schemas import (
    ArchivedOut,
    ModuleOut,
    ModulePage,
    PromptPage,
    VersionOut,
    live_out,
    prompt_out,
    version_fields,
)
from promptops_server.registry.versions import find_version, resolve, version_bytes

Message = Annotated[str | None, Query(description="What changed and why, at most 500 characters")]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of prompts."""
    _add_lists(router, deps)
    _add_reading(router, deps)
    _add_writing(router, deps)


def _add_lists(router: APIRouter, deps: RegistryDeps) -> None:
    @router.get(
        "/projects/{project}/prompts",
        summary="List or search the prompts of a project",
        description=(
            "By path; with `q`, matches in path or name come first. Every filter may be combined "
            "with every other. A page may come back short, or empty, and still have a `next`."
        ),
        responses=problem_responses(400, 401, 404),
        tags=["prompts"],
    )
    def listing(project: str, actor: ActorDep, asked: ListQuery) -> PromptPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            query = asked.query
            if asked.view:
                saved = find_view(conn, found, actor, asked.view)
                query = query.over(PromptQuery(**saved.query))
            wanted = wanted_of(conn, deps.live, found, query)
            page = list_prompts(conn, found, wanted, limit=asked.limit, cursor=asked.cursor)
            live = deps.live.where(conn, found.id, [p.path for p in page.items])
        items = [prompt_out(p, live.get(p.path, ())) for p in page.items]
        return PromptPage(items=items, next=page.next)

    @router.get(
        "/projects/{project}/modules",
        summary="List the modules directly below a module or the project",
        responses=problem_responses(400, 401, 404),
        tags=["prompts"],
    )
    def modules(
        project: str,
        actor: ActorDep,
        module: Annotated[str, Query(description="Empty for the project itself")] = "",
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> ModulePage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            page = list_modules(conn, found, module.strip("/"), limit=limit, cursor=cursor)
        return ModulePage(items=[ModuleOut(path=m) for m in page.items], next=page.next)


def _add_reading(router: APIRouter, deps: RegistryDeps) -> None:
    @router.get(
        "/projects/{project}/prompts/{path:path}",
        summary="Read a prompt file",
        description=(
            "The newest version, or `{path}@7`, `{path}@production`, `{path}@3f9c2ab`. "
            "As the YAML file itself, or in its JSON form with `Accept: application/json`."
        ),
        response_class=Response,
        responses={
            200: {
                "description": "The prompt file",
                "content": {
                    "application/yaml": {"schema": {"type": "object"}},
                    "application/json": {"schema": {"type": "object"}},
                },
            },
            304: {"description": "The version in If-None-Match is the one asked for"},
            **problem_responses(400, 401, 404, 406, 409),
        },
        tags=["prompts"],
    )
    def read(project: str, path: str, actor: ActorDep, request: Request) -> Response:
        require_readable(deps.authorise, actor, project)
        as_json = wants_json(request)
        path, selector = split_selector(path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            version = resolve(conn, found, path, selector, deps.live)
            headers = {
                "ETag": tag_of(version),
                "Vary": "Accept",
                "Content-Location": version_url(request, version),
                "PromptOps-Version": str(version.number),
                "PromptOps-Commit": version.commit,
            }
            if unchanged(request, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            data = version_bytes(conn, found.id, version)
        if as_json:
            return JSONResponse(json_of(data.decode("utf-8", "replace")), headers=headers)
        return Response(data, media_type="application/yaml", headers=headers)


def _add_writing(router: APIRouter, deps: RegistryDeps) -> None:
    # SQLite has one writer: one thread writes while another prepares, and more would only take the interpreter from
    # these two.
    turns = CapacityLimiter(2) if deps.db.is_sqlite else None

    @router.put(
        "/projects/{project}/prompts/{path:path}",
        response_model=VersionOut,
        status_code=201,
        summary="Write the next version of a prompt",
        description=(
            "The body is the whole file, as YAML or in its JSON form; JSON is written as the "
            "smallest edit of the version it was made from. `If-Match` names that version and is "
            "required when the prompt exists. Content equal to the newest version answers 200 and "
            "makes no version. Without `message`: `Create …` or `Update …` and the path."
        ),
        responses={
            200: {"description": "The newest version had this content", "model": VersionOut},
            **problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 428),
        },
        openapi_extra=PUT_BODY,
        tags=["prompts"],
    )
    async def put(
        project: str, path: str, actor: ActorDep, request: Request, message: Message = None
    ) -> Response:
        may_put(actor, deps.authorise, project, path)
        body = await request.body()
        return await to_thread.run_sync(
            _put, deps, actor, request, project, path, body, message, limiter=turns
        )

    @router.delete(
        "/projects/{project}/prompts/{path:path}",
        summary="Archive a prompt",
        description=(
            "Removes its file from `main`; versions and numbers stay, and what is live stays live. "
            "`If-Match` names the newest version. Putting the prompt again brings it back."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 428),
        tags=["prompts"],
    )
    def archive(
        project: str, path: str, actor: ActorDep, request: Request, message: Message = None
    ) -> ArchivedOut:
        done = archive_prompt(
            deps.db,
            actor,
            deps.authorise,
            deps.live,
            project,
            path,
            parent=parent_version(request),
            message=message,
        )
        where = ", ".join(f"{p.environment} (version {p.version})" for p in done.live)
        return ArchivedOut(
            address=f"{project}/{path}",
            path=path,
            version=done.newest.number,
            commit=done.commit,
            message=done.message,
            live=live_out(done.live),
            companions=list(done.companions),
            notice=f"It is still live in {where}: unpublish it there." if where else "",
        )


def _put(
    deps: RegistryDeps,
    actor: Actor,
    request: Request,
    project: str,
    path: str,
    body: bytes,
    message: str | None,
) -> Response:
    if "@" in path:
        raise BadRequest(
            "A version cannot be written: put the prompt without a selector.", slug="bad-path"
        )
    parent = parent_version(request)
    sent = sent_prompt(request, body, message)
    text = sent.text
    if text is None:
        base = _base(deps, project, path, parent) if parent is not None else None
        text = text_of(sent.data or {}, base).encode()
    done = put_prompt(
        deps.db,
        actor,
        deps.authorise,
        project,
        path,
        text,
        message=sent.message,
        parent=parent,
    )
    version = done.version
    places: tuple[LivePlace, ...] = ()
    state = None
    if not done.changed:
        with deps.db.read() as conn:
            found = get_project(conn, project)
            places = tuple(deps.live.where(conn, found.id, [path]).get(path, ()))
            state = deps.states(conn, found, [version]).get((version.path, version.number))
    return JSONResponse(
        version_fields(version, places, state),
        201 if done.changed else 200,
        {"ETag": tag_of(version), "Location": version_url(request, version)},
    )


def _base(deps: RegistryDeps, project: str, path: str, parent: int) -> str | None:
    """The text that a JSON form was made from."""
    with deps.db.read() as conn:
        found = get_project(conn, project)
        version = find_version(conn, found, path, parent)
        if version is None:
            return None
        try:
            return version_bytes(conn, found.id, version).decode()
        except UnicodeDecodeError:
            return None
