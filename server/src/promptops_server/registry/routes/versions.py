"""`/projects/{p}/versions/{path}` (with or without a selector): a prompt's history, and one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from promptops.format.names import parse_selector
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.git.tombstones import rewritten_notice
from promptops_server.registry.history.lineage import moved_to
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.model import LivePlace, Version, VersionState
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
    split_selector,
    unchanged,
)
from promptops_server.registry.routes.schemas import VersionOut, version_fields
from promptops_server.registry.versions import resolve, version_text

Follow = Annotated[
    bool, Query(description="Go on across moves: beyond a moved version at its earlier address")
]


class VersionInHistory(VersionOut):
    """A version in a prompt's history. `moved_to` is the address its content moved to, null if it did not."""

    moved_to: str | None


class VersionShown(VersionInHistory):
    """A version with its file. `notice` is there when the commit named has another id since a redaction."""

    content: str
    notice: str | None = None


class HistoryPage(BaseModel):
    """A page of a prompt's history, newest first."""

    items: list[VersionInHistory]
    next: str | None


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of versions and differences."""

    @router.get(
        "/projects/{project}/versions/{path:path}",
        summary="List a prompt's versions, or show one",
        description=(
            "`{path}` lists them, newest first; `{path}@7`, `{path}@production` and "
            "`{path}@3f9c2ab` show one version with its content. With `follow` the list goes on "
            "across moves; each item says its address."
        ),
        response_model=HistoryPage | VersionShown,
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
        follow: Follow = False,
    ) -> Response:
        require_readable(deps.authorise, actor, project)
        path, selector = split_selector(path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            if selector is None:
                page = list_versions(conn, found, path, limit=limit, cursor=cursor, follow=follow)
                paths = sorted({v.path for v in page.items})
                live = deps.live.where(conn, found.id, paths)
                gone = moved_to(conn, found, page.items)
                states = deps.states(conn, found, page.items)
                items = [_fields(v, live.get(v.path, ()), gone, states) for v in page.items]
                return JSONResponse({"items": items, "next": page.next})
            live = deps.live.where(conn, found.id, [path])
            version = resolve(conn, found, path, selector, deps.live)
            states = deps.states(conn, found, [version])
            gone = moved_to(conn, found, [version])
            fields = _fields(version, live.get(path, ()), gone, states)
            # What surrounds the content changes with releases and archiving.
            around = ".".join([fields["state"], *fields["live"], *["archived"] * version.archived])
            headers = {"ETag": f'"v{version.number}.{around}"'}
            if unchanged(request, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            fields["content"] = version_text(conn, found.id, version)
            notice = rewritten_notice(conn, found.id, parse_selector(selector).maybe_commit)
            if notice is not None:
                fields["notice"] = notice
        return JSONResponse(fields, headers=headers)


def _fields(
    version: Version,
    places: Sequence[LivePlace],
    gone: Mapping[str, str],
    states: Mapping[tuple[str, int], VersionState],
) -> dict[str, Any]:
    return {
        **version_fields(version, tuple(places), states.get((version.path, version.number))),
        "moved_to": gone.get(f"{version.path}@{version.number}"),
    }
