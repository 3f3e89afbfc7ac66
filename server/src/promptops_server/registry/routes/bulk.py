"""`/projects/{p}/bulk`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, IdempotencyKey, problem_responses
from promptops_server.registry.edits import operations as ops
from promptops_server.registry.edits.bulk import BulkEdited, bulk_edit
from promptops_server.registry.edits.bulk_plan import Result, Selection
from promptops_server.registry.edits.frame import MAX_PROMPTS
from promptops_server.registry.edits.transfer import LISTED
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    RegistryDeps,
    once,
)
from promptops_server.registry.routes.edits import MAX_VERSION, CompanionOut, companions_out
from promptops_server.registry.routes.query import PromptFilters, wanted_of
from promptops_server.registry.routes.schemas import LiveOut, Problems

Word = Annotated[Line, Field(min_length=1, max_length=100)]
Words = Annotated[list[Word], Field(max_length=50)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AddTagsIn(_In):
    """Add tags that are not there yet, in any case."""

    op: Literal["add_tags"]
    tags: Words


class RemoveTagsIn(_In):
    """Remove tags, in any case."""

    op: Literal["remove_tags"]
    tags: Words


class SetOwnersIn(_In):
    """Exactly these owners; none removes the key."""

    op: Literal["set_owners"]
    owners: Words


class AddOwnersIn(_In):
    """Add owners that are not there yet."""

    op: Literal["add_owners"]
    owners: Words


class RemoveOwnersIn(_In):
    """Remove owners."""

    op: Literal["remove_owners"]
    owners: Words


class SetModelIn(_In):
    """The model; null removes the key."""

    op: Literal["set_model"]
    model: Annotated[Line, Field(min_length=1, max_length=200)] | None


class MoveToIn(_In):
    """Into this module, under the same name; empty for the project itself."""

    op: Literal["move_to"]
    module: Annotated[Line, Field(max_length=600)]


class ArchiveIn(_In):
    """Archive."""

    op: Literal["archive"]


class RestoreIn(_In):
    """Bring archived prompts back with their last content. As the first operation, filters select archived prompts."""

    op: Literal["restore"]


OperationIn = Annotated[
    AddTagsIn
    | RemoveTagsIn
    | SetOwnersIn
    | AddOwnersIn
    | RemoveOwnersIn
    | SetModelIn
    | MoveToIn
    | ArchiveIn
    | RestoreIn,
    Field(discriminator="op"),
]


class PickedIn(_In):
    """A prompt and the newest version as the caller saw it; without one, whichever it is."""

    path: Annotated[Line, Field(max_length=600)]
    version: int | None = Field(default=None, ge=1, le=MAX_VERSION)


class SelectIn(PromptFilters):
    """Named prompts, or those that all filters take (as in the list of prompts); `all` for no filter."""

    prompts: list[PickedIn] | None = Field(default=None, max_length=MAX_PROMPTS)
    all: bool = False


class BulkIn(_In):
    """Operations, done in their order to every selected prompt."""

    select: SelectIn
    operations: list[OperationIn] = Field(min_length=1, max_length=20)
    message: str | None = Field(default=None, description="At most 500 characters")
    skip_refused: bool = False
    dry_run: bool = False


class BulkEditedOut(BaseModel):
    """What happened to one prompt. `to` and `version` are its address and newest number afterwards."""

    path: str
    from_version: int | None = Field(description="Its newest number before")
    result: Result
    to: str
    version: int | None
    archived: bool
    reason: str
    diff: str = Field(description="Of the file; with `dry_run` only")
    problems: Problems
    live: list[LiveOut] = Field(description="Where the old address is still live")
    companions: list[CompanionOut] = Field(
        description="Suite files that go with it: at most 100; `to` is null where one is removed"
    )


class BulkOut(BaseModel):
    """What a bulk edit did, or would do. `commit` is null when nothing was written."""

    commit: str | None
    message: str
    dry_run: bool
    changed: int
    unchanged: int
    refused: int
    items: list[BulkEditedOut]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route of bulk edits."""

    @router.post(
        "/projects/{project}/bulk",
        response_model=BulkOut,
        summary="Edit many prompts as one commit",
        description=(
            "At most 5,000 prompts. Edits of files change only the lines of the value. When "
            "something cannot be done to some, nothing is written and all of them are named, "
            "unless `skip_refused`. `dry_run` says what would happen, with differences."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
        tags=["edits"],
    )
    def bulk(
        project: str,
        given: BulkIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        chosen = given.select
        prompts = chosen.prompts
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            wanted = wanted_of(conn, deps.live, get_project(conn, project), chosen)
        selection = Selection(
            None if prompts is None else tuple((p.path, p.version) for p in prompts),
            wanted,
            everything=chosen.all,
        )
        operations = [_operation(operation) for operation in given.operations]

        def render(done: BulkEdited) -> tuple[int, dict[str, Any]]:
            return 200, bulk_out(done, dry_run=given.dry_run)

        status, answer = once(
            deps,
            actor,
            request,
            None if given.dry_run else idempotency_key,
            given,
            lambda keep: bulk_edit(
                deps.db,
                actor,
                deps.authorise,
                deps.live,
                project,
                selection,
                operations,
                message=given.message,
                skip_refused=given.skip_refused,
                dry_run=given.dry_run,
                keep=keep,
            ),
            render,
        )
        return JSONResponse(answer, status)


def _operation(given: OperationIn) -> ops.Operation:
    match given:
        case AddTagsIn(tags=tags):
            return ops.AddTags(tuple(tags))
        case RemoveTagsIn(tags=tags):
            return ops.RemoveTags(tuple(tags))
        case SetOwnersIn(owners=owners):
            return ops.SetOwners(tuple(owners))
        case AddOwnersIn(owners=owners):
            return ops.AddOwners(tuple(owners))
        case RemoveOwnersIn(owners=owners):
            return ops.RemoveOwners(tuple(owners))
        case SetModelIn(model=model):
            return ops.SetModel(model)
        case MoveToIn(module=module):
            return ops.MoveTo(module.strip("/"))
        case ArchiveIn():
            return ops.Archive()
        case RestoreIn():
            return ops.Restore()


def bulk_out(done: BulkEdited, *, dry_run: bool) -> dict[str, Any]:
    """The answer to a bulk edit, ready for JSON."""
    return {
        "commit": done.commit,
        "message": done.message,
        "dry_run": dry_run,
        "changed": done.count("changed"),
        "unchanged": done.count("unchanged"),
        "refused": done.count("refused"),
        "items": [
            {
                "path": item.path,
                "from_version": item.from_version,
                "result": item.result,
                "to": item.to,
                "version": item.version,
                "archived": item.archived,
                "reason": item.reason,
                "diff": item.diff,
                "problems": [dict(problem) for problem in item.problems],
                "live": [
                    {"environment": place.environment, "version": place.version}
                    for place in item.live
                ],
                "companions": companions_out(item.companions[:LISTED]),
            }
            for item in done.items
        ],
    }
