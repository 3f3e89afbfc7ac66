"""`/projects/{p}/imports/convert`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from promptops_server.infra import json_bodies
from promptops_server.infra.actor import Actor
from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.problems import Invalid
from promptops_server.registry.edits.import_prompts import (
    Imported,
    foresee,
    may_import,
    prepare_import,
)
from promptops_server.registry.edits.read_files import Readings, Upload, Wishes, read_files
from promptops_server.registry.projects import get_project
from promptops_server.registry.routes.deps import RegistryDeps
from promptops_server.registry.routes.schemas import Problems

Short = Annotated[Line, Field(max_length=200)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileIn(_In):
    """A file: its path from the folder it was taken from, and its text; an archive's bytes in base64."""

    name: Annotated[str, Field(min_length=1, max_length=1000)]
    content: str
    encoding: Literal["text", "base64"] = "text"


class ConvertIn(_In):
    """Files of any format that is read, in any mixture. `format` and the options are those of `promptops import`."""

    files: Annotated[list[FileIn], Field(min_length=1)]
    format: Short = ""
    module: Annotated[Line, Field(max_length=500)] = ""
    role: Literal["user", "system"] = "user"
    name_column: Short = ""
    text_column: Short = ""
    description_column: Short = ""
    tag_columns: Annotated[list[Short], Field(max_length=50)] = []
    delimiter: Annotated[str, Field(max_length=1)] = ""
    on_conflict: Literal["version", "skip", "refuse"] = "version"
    allow_invalid: bool = False


class ConvertedOut(BaseModel):
    """A prompt that was read: what to send to `imports`, and what that would do if it were sent now.

    `version` is the number it would get, or has.
    """

    path: str
    content: str
    file: str
    format: str
    notes: list[str]
    result: Literal["created", "updated", "unchanged", "skipped", "refused"]
    version: int | None
    valid: bool
    reason: str
    problems: Problems


class NotCarriedOut(BaseModel):
    """Something that would not come: in which file, where in it, which key, and why."""

    file: str
    where: str
    key: str
    reason: str


class TableOut(BaseModel):
    """The columns of a file that is a table."""

    file: str
    columns: list[str]


class ConvertOut(BaseModel):
    """What the files hold."""

    items: list[ConvertedOut]
    left: list[NotCarriedOut]
    tables: list[TableOut]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route that reads files of other tools."""

    @router.post(
        "/projects/{project}/imports/convert",
        response_model=ConvertOut,
        summary="Read files of other formats, and say what importing them would do",
        description=(
            "Changes nothing. Prompt files, text, Markdown, Prompty, Dotprompt, CSV, promptfoo, Langfuse and MLflow "
            "exports, and archives of them, at most 5,000 files with 5,000 prompts. Send `path` and `content` of the "
            "answer to `imports`."
        ),
        responses=problem_responses(400, 401, 403, 404, 413, 422),
        openapi_extra=json_bodies.described(ConvertIn),
        tags=["prompts"],
    )
    async def convert(project: str, request: Request, actor: ActorDep) -> ConvertOut:
        may_import(actor, deps.authorise, project)
        body = await request.body()
        return await run_in_threadpool(_run, deps, actor, project, body)


def _run(deps: RegistryDeps, actor: Actor, project: str, body: bytes) -> ConvertOut:
    given = json_bodies.read_as(ConvertIn, body, "The body is no list of files.")
    wishes = Wishes(
        given.format,
        given.module.strip("/ "),
        given.role,
        given.name_column,
        given.text_column,
        given.description_column,
        tuple(given.tag_columns),
        given.delimiter,
    )
    readings = read_files([_upload(at, file) for at, file in enumerate(given.files)], wishes)
    answers: Sequence[Imported] = ()
    if readings.found:
        prepared = prepare_import(
            [(found.prompt.name, found.prompt.text) for found in readings.found],
            allow_invalid=given.allow_invalid,
        )
        with deps.db.read() as conn:
            answers = foresee(
                conn,
                get_project(conn, project),
                prepared,
                on_conflict=given.on_conflict,
                allow_invalid=given.allow_invalid,
            )
    return _out(readings, answers)


def _upload(at: int, file: FileIn) -> Upload:
    if file.encoding == "text":
        return Upload(file.name, file.content.encode("utf-8", "surrogatepass"))
    try:
        return Upload(file.name, base64.b64decode(file.content, validate=True))
    except binascii.Error as error:
        raise Invalid(
            f"The content of {file.name[:200]!r} is no base64.",
            errors=[{"field": f"files.{at}.content", "message": str(error)}],
        ) from None


def _out(readings: Readings, answers: Sequence[Imported]) -> ConvertOut:
    return ConvertOut(
        items=[
            ConvertedOut(
                path=found.prompt.name,
                content=found.prompt.text,
                file=found.file,
                format=found.format,
                notes=list(found.prompt.notes),
                result=answer.result,
                version=answer.version,
                valid=answer.valid,
                reason=answer.reason,
                problems=[dict(problem) for problem in answer.problems],
            )
            for found, answer in zip(readings.found, answers, strict=True)
        ],
        left=[
            NotCarriedOut(file=one.file, where=one.where, key=one.key, reason=one.reason)
            for one in readings.left
        ],
        tables=[TableOut(file=one.file, columns=list(one.columns)) for one in readings.tables],
    )
