"""`/projects/{p}/record-defaults` and `/projects/{p}/record-defaults/{module}`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.http import ActorDep, if_match, problem_responses
from promptops_server.registry.records.write_defaults import (
    DefaultsFile,
    file_of,
    set_defaults,
    show_defaults,
)
from promptops_server.registry.routes.deps import RegistryDeps

_WHERE = "/projects/{project}/record-defaults"


class DefaultsIn(BaseModel):
    """The whole file as it shall be; a blank text removes it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=1_048_576, description="YAML: keys of the record")
    message: str | None = Field(default=None, description="At most 500 characters")


class FileProblemOut(BaseModel):
    """Something wrong with the file, or worth a look."""

    severity: str
    code: str
    message: str
    key: str
    line: int
    column: int
    fix: str


class DefaultsOut(BaseModel):
    """A defaults file at the head of `main`. `prompts` are the first of the `affected` ones below it.

    `commit` is the one a write made, null where nothing was different.
    """

    project: str
    module: str
    file: str
    exists: bool
    text: str
    record: dict[str, Any]
    problems: list[FileProblemOut]
    affected: int
    prompts: list[str]
    commit: str | None


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of defaults; the project's own stand at the address without a module."""
    for path, name in ((_WHERE, "project"), (_WHERE + "/{module:path}", "module")):
        _add(router, deps, path, name)


def _add(router: APIRouter, deps: RegistryDeps, path: str, name: str) -> None:
    @router.get(
        path,
        summary=f"Read the defaults of records of a {name}",
        description="As they stand at the head of `main`, and which prompts they apply to.",
        responses=problem_responses(400, 401, 404),
        tags=["records"],
    )
    def read(project: str, actor: ActorDep, response: Response, module: str = "") -> DefaultsOut:
        found = show_defaults(deps.db, actor, deps.authorise, project, module.strip("/"))
        return _out(found, response)

    @router.put(
        path,
        summary=f"Write the defaults of records of a {name}",
        description=(
            "One commit on `main`. `If-Match` has the entity tag of what was read and is required "
            "where the file exists. No version is made: prompts take it up with their next one."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 428),
        tags=["records"],
    )
    def write(
        project: str,
        given: DefaultsIn,
        actor: ActorDep,
        request: Request,
        response: Response,
        module: str = "",
    ) -> DefaultsOut:
        done = set_defaults(
            *(deps.db, actor, deps.authorise, project, module.strip("/"), given.text),
            base=if_match(request),
            message=given.message,
        )
        return _out(done, response)


def _out(found: DefaultsFile, response: Response) -> DefaultsOut:
    response.headers["ETag"] = f'"{found.tag}"'
    return DefaultsOut(
        project=found.project,
        module=found.module,
        file=file_of(found.module),
        exists=found.blob is not None,
        text=found.text,
        record={} if found.read.errors else dict(found.read.record),
        problems=[FileProblemOut(**problem.to_dict()) for problem in found.read.problems],
        affected=found.affected,
        prompts=list(found.prompts),
        commit=found.commit,
    )
