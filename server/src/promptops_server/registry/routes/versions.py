"""`/projects/{p}/versions/{path}` (with or without a selector) and `/projects/{p}/diff/{path}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.registry.history.diff import diff_prompt
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
    Cursor,
    Limit,
    RegistryDeps,
    split_selector,
    unchanged,
)
from promptops_server.registry.routes.schemas import (
    ChangeOut,
    DiffOut,
    VersionPage,
    VersionWithContent,
    version_fields,
    version_out,
)
from promptops_server.registry.versions import resolve, version_text

Selector = Annotated[
    str | None,
    Query(
        description="Version (`7` or `v7`), environment or commit; or `module/prompt@selector`",
        max_length=700,
    ),
]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of versions and differences."""

    @router.get(
        "/projects/{project}/versions/{path:path}",
        summary="List a prompt's versions, or show one",
        description=(
            "`{path}` lists them, newest first; `{path}@7`, `{path}@production` and "
            "`{path}@3f9c2ab` show one version with its content."
        ),
        response_model=VersionPage | VersionWithContent,
        responses={
            304: {"description": "The version is as the If-None-Match tag says"},
            **problem_responses(400, 401, 404, 409),
        },
        tags=["versions"],
    )
    def versions(
        project: str,
        path: str,
        actor: ActorDep,
        request: Request,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response:
        require_readable(deps.authorise, actor, project)
        path, selector = split_selector(path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            live = deps.live.where(conn, found.id, [path])
            if selector is None:
                page = list_versions(conn, found, path, limit=limit, cursor=cursor)
                items = [version_fields(v, live.get(v.path, ())) for v in page.items]
                return JSONResponse({"items": items, "next": page.next})
            version = resolve(conn, found, path, selector, deps.live)
            fields = version_fields(version, live.get(path, ()))
            # What surrounds the content changes with releases and archiving.
            around = ".".join([fields["state"], *fields["live"], *["archived"] * version.archived])
            headers = {"ETag": f'"v{version.number}.{around}"'}
            if unchanged(request, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            fields["content"] = version_text(conn, found.id, version)
        return JSONResponse(fields, headers=headers)

    @router.get(
        "/projects/{project}/diff/{path:path}",
        summary="Compare two versions",
        description="Without `to` the newest version, without `from` the one before `to`.",
        response_model_by_alias=True,
        responses=problem_responses(400, 401, 404, 409),
        tags=["versions"],
    )
    def diff(
        project: str,
        path: str,
        actor: ActorDep,
        start: Annotated[Selector, Query(alias="from")] = None,
        end: Annotated[Selector, Query(alias="to")] = None,
    ) -> DiffOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            done = diff_prompt(conn, found, path, deps.live, start=start, end=end)
            paths = {done.after.path} | ({done.before.path} if done.before else set())
            live = deps.live.where(conn, found.id, sorted(paths))
        changes = None
        if done.changes is not None:
            changes = [
                ChangeOut(key=c.key, kind=c.kind, before=c.before, after=c.after)
                for c in done.changes
            ]
        return DiffOut(
            before=version_out(done.before, live) if done.before else None,
            after=version_out(done.after, live),
            changes=changes,
            text=done.text,
        )
