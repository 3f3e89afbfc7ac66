"""`/projects/{p}/working-copies/{path}/commit`, `/rebase`, `/undo` and `/share`.

Only POST ends in such a word, so a prompt may be called `share` as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import from_text, to_text
from promptops_server.infra.http import ActorDep, IdempotencyKey, fingerprint, problem_responses
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.edits.put import Put
from promptops_server.registry.projects import get_project
from promptops_server.registry.routes.schemas import VersionOut, version_fields
from promptops_server.registry.working_copies.commit import Once, commit_copy
from promptops_server.registry.working_copies.look import show_copy
from promptops_server.registry.working_copies.model import WorkingCopy
from promptops_server.registry.working_copies.rebase import rebase_copy, undo_rebase
from promptops_server.registry.working_copies.refusals import tag_of
from promptops_server.registry.working_copies.routes.deps import WorkingCopyDeps, seen_state
from promptops_server.registry.working_copies.routes.schemas import (
    CommitIn,
    CopyOut,
    RebaseIn,
    ShareIn,
    ShareOut,
    copy_fields,
    share_out,
)
from promptops_server.registry.working_copies.share import share_copy

_BASE = "/projects/{project}/working-copies/{path:path}"


def add_routes(router: APIRouter, deps: WorkingCopyDeps) -> None:
    """Add the routes that do something with one's own working copy."""
    _add_commit(router, deps)
    _add_rebase(router, deps)

    @router.post(
        f"{_BASE}/share",
        summary="Share your working copy by link",
        description=(
            "The link's id opens it read-only for everybody who may read the project; it ends when "
            "it is revoked, expires, or the copy is committed or discarded. A link that is open "
            "stays the same and gets the new end."
        ),
        response_model=ShareOut,
        responses=problem_responses(400, 401, 403, 404, 422),
    )
    def share(
        project: str, path: str, actor: ActorDep, body: ShareIn | None = None
    ) -> JSONResponse:
        end = _time(body.expires_at) if body and body.expires_at is not None else None
        copy = share_copy(deps.db, actor, deps.authorise, project, path, expires_at=end)
        return JSONResponse(share_out(copy.share))


def _add_commit(router: APIRouter, deps: WorkingCopyDeps) -> None:
    @router.post(
        f"{_BASE}/commit",
        summary="Make your working copy the next version",
        description=(
            "As putting its text made from its parent would; the working copy is gone afterwards. "
            "409 `stale-version`: there is a newer version, rebase first. Content equal to the "
            "newest version answers 200 and makes no version."
        ),
        status_code=201,
        response_model=VersionOut,
        responses={
            200: {"description": "The newest version had this content", "model": VersionOut},
            **problem_responses(400, 401, 403, 404, 409, 413, 422),
        },
    )
    def commit(
        project: str,
        path: str,
        actor: ActorDep,
        request: Request,
        body: CommitIn | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        given = body or CommitIn()

        def answer(done: Put) -> tuple[int, dict[str, Any]]:
            return 201 if done.changed else 200, version_fields(done.version)

        status, document = commit_copy(
            deps.db,
            actor,
            deps.authorise,
            project,
            path,
            answer=answer,
            message=given.message,
            seen=seen_state(request),
            once=Once(idempotency_key, fingerprint(request, given)),
        )
        base = request.url.path.partition("/projects/")[0]
        where = f"{base}/projects/{project}/versions/{path}@{document['version']}"
        headers = {"ETag": f'"v{document["version"]}"', "Location": where}
        return JSONResponse(document, status, headers)


def _add_rebase(router: APIRouter, deps: WorkingCopyDeps) -> None:
    @router.post(
        f"{_BASE}/rebase",
        summary="Merge the newest version into your working copy",
        description=(
            "A three-way merge by line; the newest version becomes the parent. Where both changed "
            "the same lines the text gets conflict markers (or the side of `prefer`), and cannot be "
            "committed until they are gone. `undo` brings the text before back."
        ),
        response_model=CopyOut,
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
    )
    def rebase(
        project: str,
        path: str,
        actor: ActorDep,
        request: Request,
        body: RebaseIn | None = None,
    ) -> Response:
        prefer = body.prefer if body else None

        def work(seen: Any) -> WorkingCopy:
            return rebase_copy(
                deps.db, actor, deps.authorise, project, path, seen=seen, prefer=prefer
            )

        return _changed(deps, actor, request, work)

    @router.post(
        f"{_BASE}/undo",
        summary="Bring back the text before the last rebase or take",
        description="Text and parent. Again, and the undo itself is undone.",
        response_model=CopyOut,
        responses=problem_responses(400, 401, 403, 404, 409),
    )
    def undo(project: str, path: str, actor: ActorDep, request: Request) -> Response:
        return _changed(
            deps,
            actor,
            request,
            lambda seen: undo_rebase(deps.db, actor, deps.authorise, project, path, seen=seen),
        )


def _changed(
    deps: WorkingCopyDeps, actor: Actor, request: Request, work: Callable[[Any], WorkingCopy]
) -> Response:
    copy = work(seen_state(request))
    with deps.db.read() as conn:
        shown = show_copy(conn, get_project(conn, copy.project), copy)
    return JSONResponse(copy_fields(shown, deps.keep_days), headers={"ETag": tag_of(copy)})


def _time(text: str) -> int:
    try:
        end = from_text(text)
        to_text(end)  # an offset may lead out of the years that can be written
        return end
    except (ValueError, OverflowError):
        raise BadRequest(
            f"expires_at is {text[:60]!r}, not a time.",
            remedy="Write it like 2027-01-31T18:00:00Z.",
        ) from None
