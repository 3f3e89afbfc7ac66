"""`/projects/{p}/check`: what is wrong with a prompt that is being written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops.format.record.shown import record_json
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.checking.check import check_prompt
from promptops_server.registry.json_form import text_of
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.read import RecordReader, head_of_main
from promptops_server.registry.routes.deps import RegistryDeps
from promptops_server.registry.routes.records_out import JudgedRecord
from promptops_server.registry.versions import fragment_loader
from promptops_server.registry.working_copies.refusals import check_text


class DraftIn(BaseModel):
    """A prompt that is no version yet."""

    model_config = ConfigDict(extra="forbid")

    content: str | None = Field(None, description="The prompt file as YAML text; at most 1 MiB")
    prompt: dict[str, Any] | None = Field(None, description="Or its JSON form")
    path: str | None = Field(
        None, max_length=500, description="Its address: then also `record`, with the defaults there"
    )
    base: str | None = Field(
        None,
        description="With `prompt`: the file it was made from, whose comments and order are kept",
    )


class DraftProblemOut(BaseModel):
    """Something that is wrong."""

    severity: str = Field(description="`error` or `warning`")
    rule: str
    message: str
    fix: str
    key: str = Field(description="Of the value, such as `messages[1].content`")
    line: int = Field(description="Of the file, from 1")
    column: int
    start: int | None = Field(description="In the text at `key`; null: all of it")
    end: int | None


class DraftOut(BaseModel):
    """A prompt file, and what is wrong with it."""

    text: str
    prompt: dict[str, Any] | None = Field(description="Its JSON form, if it has one")
    valid: bool = Field(description="Whether it could be a version")
    problems: list[DraftProblemOut]
    record: JudgedRecord | None = Field(description="Only with `path`, and of a valid file")


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route."""

    @router.post(
        "/projects/{project}/check",
        response_model=DraftOut,
        summary="Check a prompt file that is not stored",
        description=(
            "For editors: the findings of the format, of lint and of the fragments of this project, each with its place "
            "in the value. With `prompt`, `text` is the file it makes, as the smallest edit of `base`. Stores nothing."
        ),
        responses=problem_responses(400, 401, 404, 413, 422),
        tags=["prompts"],
    )
    def check(project: str, actor: ActorDep, body: DraftIn) -> Response:
        require_readable(deps.authorise, actor, project)
        if (body.content is None) == (body.prompt is None):
            raise BadRequest(
                "Exactly one of `content` and `prompt` is needed.",
                remedy='Send {"content": "the YAML text"}, or {"prompt": {"messages": […]}}.',
            )
        base = None if body.base is None else check_text(body.base)
        text = text_of(body.prompt or {}, base) if body.content is None else body.content
        check_text(text)
        if body.path is not None:
            address_path(body.path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            checked = check_prompt(text, fragment_loader(conn, found))
            record = None
            head = head_of_main(conn, found)
            if body.path is not None and head is not None and checked.valid:
                reader = RecordReader(conn, found)
                examined = reader.examine(body.path, text.encode(), head)
                record = None if examined is None else record_json(examined)
        document = {
            "text": checked.text,
            "prompt": checked.prompt,
            "valid": checked.valid,
            "problems": [asdict(fault) for fault in checked.faults],
            "record": record,
        }
        return JSONResponse(document, headers={"Cache-Control": "no-store"})
