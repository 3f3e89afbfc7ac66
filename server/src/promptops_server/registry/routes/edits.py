"""`/projects/{p}/restore/{path}`, `/projects/{p}/move` and `/projects/{p}/copy`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, IdempotencyKey, problem_responses
from promptops_server.registry.edits.companions import Companion
from promptops_server.registry.edits.copy import copy_prompts
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.edits.restore import Restored, restore_prompt
from promptops_server.registry.edits.transfer import LISTED, Transferred
from promptops_server.registry.model import Version
from promptops_server.registry.projects import get_project
from promptops_server.registry.routes.deps import (
    RegistryDeps,
    once,
    parent_version,
    version_url,
)
from promptops_server.registry.routes.schemas import VersionOut, version_fields

MAX_VERSION = 999_999_999


class RestoreIn(BaseModel):
    """Which content comes back."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(
        default=None,
        ge=1,
        le=MAX_VERSION,
        description="Whose content; may be left out for an archived prompt: what it had last",
    )
    message: str | None = Field(default=None, description="At most 500 characters")


class RestoredOut(VersionOut):
    """The newest version after a restore."""

    restored: int = Field(description="The version whose content it has")
    unarchived: bool
    companions: list[str] = Field(description="Suite files that came back with it")


class TransferIn(BaseModel):
    """What goes where. A slash at the end means a module."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Line = Field(alias="from", max_length=600, description="A prompt, or `module/`")
    target: Line = Field(
        alias="to", max_length=600, description="The new address, or the `module/` it goes into"
    )
    to_project: Line | None = Field(default=None, max_length=100)
    with_fragments: bool = Field(
        default=False, description="Bring along what is included and missing in the other project"
    )
    message: str | None = Field(default=None, description="At most 500 characters")


class MoveIn(TransferIn):
    """A move."""

    update_pins: bool = Field(
        default=False,
        description="Rewrite references to the moved prompts in the newest versions that have them",
    )


class ArrivalOut(BaseModel):
    """One prompt at its new address."""

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from")
    from_version: int
    path: str
    version: int
    fragment: bool = Field(description="Brought along because a prompt includes it")


class CompanionOut(BaseModel):
    """A suite file that followed its prompt. `to` is null where it was removed."""

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from")
    target: str | None = Field(alias="to")


class StillLiveOut(BaseModel):
    """Where an old address is still live."""

    path: str
    environment: str
    version: int


class RepinnedOut(BaseModel):
    """A prompt that got a version with new pins."""

    path: str
    version: int


class LeftOut(BaseModel):
    """A prompt whose newest version still names an old address; it keeps working."""

    path: str
    pins: list[str]


class TransferOut(BaseModel):
    """What a move or copy did."""

    project: str
    to_project: str
    commit: str
    source_commit: str | None = Field(description="In the project the prompts left")
    message: str
    prompts: list[ArrivalOut]
    repinned: list[RepinnedOut]
    left: list[LeftOut] = Field(description="At most 100; `left_count` says how many there are")
    left_count: int
    companions: list[CompanionOut] = Field(
        description="Suite files that went along: at most 100; `companions_count` says how many"
    )
    companions_count: int
    live: list[StillLiveOut]
    notice: str


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of restoring, moving and copying."""

    @router.post(
        "/projects/{project}/restore/{path:path}",
        response_model=RestoredOut,
        status_code=201,
        summary="Make an earlier version's content the next version",
        description=(
            "Byte for byte; also brings an archived prompt back. `If-Match` names the newest "
            "version and is required unless the prompt is archived. 200 when the newest version "
            "has this content already."
        ),
        responses={
            200: {"description": "The newest version had this content", "model": RestoredOut},
            **problem_responses(400, 401, 403, 404, 409, 413, 422, 428),
        },
        tags=["edits"],
    )
    def restore(
        project: str,
        path: str,
        given: RestoreIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        parent = parent_version(request)

        def fields_of(version: Version) -> dict[str, Any]:
            with deps.db.read() as conn:
                found = get_project(conn, project)
                places = deps.live.where(conn, found.id, [version.path]).get(version.path, ())
                # What comes back may be approved already: approvals are bound to content, not to numbers.
                state = deps.states(conn, found, [version]).get((version.path, version.number))
            return version_fields(version, places, state)

        def render(done: Restored) -> tuple[int, dict[str, Any]]:
            fields = fields_of(done.version)
            fields |= {"restored": done.source, "unarchived": done.unarchived}
            fields["companions"] = list(done.companions)
            fields["url"] = version_url(request, done.version)
            return 201 if done.changed else 200, fields

        status, answer = once(
            deps,
            actor,
            request,
            idempotency_key,
            given,
            lambda keep: restore_prompt(
                deps.db,
                actor,
                deps.authorise,
                project,
                path,
                version=given.version,
                parent=parent,
                message=given.message,
                keep=keep,
            ),
            render,
        )
        location = answer.pop("url")
        headers = {"ETag": f'"v{answer["version"]}"', "Location": location}
        return JSONResponse(answer, status, headers)

    @router.post(
        "/projects/{project}/move",
        response_model=TransferOut,
        status_code=201,
        summary="Move a prompt or a module",
        description=(
            "One commit; between projects one in each. The new address starts at version 1 (or "
            "continues), the old one is archived and keeps its versions; what is live stays live. "
            "`If-Match` may name the newest version of a single prompt."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
        tags=["edits"],
    )
    def move(
        project: str,
        given: MoveIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        parent = parent_version(request)
        status, answer = once(
            deps,
            actor,
            request,
            idempotency_key,
            given,
            lambda keep: move_prompts(
                deps.db,
                actor,
                deps.authorise,
                deps.live,
                project,
                given.source,
                given.target,
                to_project=given.to_project,
                parent=parent,
                update_pins=given.update_pins,
                with_fragments=given.with_fragments,
                message=given.message,
                keep=keep,
            ),
            transfer_out,
        )
        return JSONResponse(answer, status)

    @router.post(
        "/projects/{project}/copy",
        response_model=TransferOut,
        status_code=201,
        summary="Copy a prompt or a module",
        description=(
            "One commit in the target, whose message names the source. Into another project, "
            "fragments must be there with the same text, or are brought along."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
        tags=["edits"],
    )
    def copy(
        project: str,
        given: TransferIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        parent = parent_version(request)
        status, answer = once(
            deps,
            actor,
            request,
            idempotency_key,
            given,
            lambda keep: copy_prompts(
                deps.db,
                actor,
                deps.authorise,
                project,
                given.source,
                given.target,
                to_project=given.to_project,
                parent=parent,
                with_fragments=given.with_fragments,
                message=given.message,
                keep=keep,
            ),
            transfer_out,
        )
        return JSONResponse(answer, status)


def companions_out(companions: Sequence[Companion]) -> list[dict[str, Any]]:
    """Files that went along, ready for JSON."""
    return [{"from": one.file, "to": one.to} for one in companions]


def transfer_out(done: Transferred) -> tuple[int, dict[str, Any]]:
    """The answer to a move or copy, ready for JSON."""
    still = [
        {"path": path, "environment": place.environment, "version": place.version}
        for path, places in sorted(done.live.items())
        for place in places
    ]
    named = sorted({place["environment"] for place in still}, key=str)
    left = [{"path": one.path, "pins": list(one.pins)} for one in done.left[:LISTED]]
    return 201, {
        "project": done.project,
        "to_project": done.to_project,
        "commit": done.commit,
        "source_commit": done.source_commit,
        "message": done.message,
        "prompts": [
            {
                "from": a.source,
                "from_version": a.source_version,
                "path": a.path,
                "version": a.version,
                "fragment": a.fragment,
            }
            for a in done.arrivals
        ],
        "repinned": [{"path": p, "version": v} for p, v in sorted(done.repinned.items())],
        "left": left,
        "left_count": len(done.left),
        "companions": companions_out(done.companions[:LISTED]),
        "companions_count": len(done.companions),
        "live": still,
        "notice": (
            f"The old address is still live in {', '.join(map(str, named))}: publish the new one "
            "and unpublish the old one there."
            if named
            else ""
        ),
    }
