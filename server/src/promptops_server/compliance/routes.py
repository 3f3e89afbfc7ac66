"""`/projects/{p}/evidence/{path}` and `…/releases/{n}/evidence`: evidence packs as zip files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from promptops_server.compliance.export_pack import Pack, PackDeps, export_prompt, export_release
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.registry.routes.deps import split_selector

_ZIP = "application/zip"
_Position = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**31 - 1,
        description="As of the audit checkpoint of this size; without it, of now",
    ),
]


class _ZipResponse(Response):
    media_type = _ZIP


def router(deps: PackDeps) -> APIRouter:
    """The routes of evidence."""
    api = APIRouter(
        tags=["evidence"], responses=problem_responses(400, 401, 403, 404, 409, 422, 503)
    )

    @api.get(
        "/projects/{project}/evidence/{path:path}",
        summary="The evidence pack of a version",
        description=(
            "Of `{path}@production` (what is live there), `{path}@7`, `{path}@3f9c2ab`, or `{path}` (the newest "
            "version). The export is recorded in the project's audit log."
        ),
        response_class=_ZipResponse,
        responses={200: {"content": {_ZIP: {}}}},
    )
    def of_prompt(
        project: str,
        path: Annotated[str, Path(max_length=700)],
        actor: ActorDep,
        position: _Position = None,
    ) -> Response:
        path, selector = split_selector(path)
        return _answer(export_prompt(deps, actor, project, path, selector, position))

    @api.get(
        "/projects/{project}/environments/{environment}/releases/{number}/evidence",
        summary="The evidence pack of a release, with all it changed",
        description="At most 50 prompts. The export is recorded in the project's audit log.",
        response_class=_ZipResponse,
        responses={200: {"content": {_ZIP: {}}}},
    )
    def of_release(
        project: str,
        environment: str,
        number: Annotated[int, Path(ge=0, le=2**31 - 1)],
        actor: ActorDep,
        position: _Position = None,
    ) -> Response:
        return _answer(export_release(deps, actor, project, environment, number, position))

    return api


def _answer(pack: Pack) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{pack.name}"',
        "ETag": f'"{pack.digest}"',
        "Cache-Control": "private, no-store",
    }
    if pack.position is not None:
        headers["PromptOps-Log-Position"] = str(pack.position)
    return _ZipResponse(pack.content, headers=headers)
