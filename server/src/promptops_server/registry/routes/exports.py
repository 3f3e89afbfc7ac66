"""`/projects/{p}/exports`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.registry.export_prompts import MAX_PROMPTS, export_prompts
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import RegistryDeps
from promptops_server.registry.routes.edits import MAX_VERSION


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExportedPromptIn(_In):
    """A prompt, in a version or its newest."""

    path: Annotated[Line, Field(max_length=600)]
    version: int | None = Field(default=None, ge=1, le=MAX_VERSION)


class ExportIn(_In):
    """Which prompts, in which format: csv, directory, dotprompt, github, langfuse, mlflow, promptfoo or prompty."""

    format: Annotated[Line, Field(max_length=100)]
    prompts: Annotated[list[ExportedPromptIn], Field(min_length=1, max_length=MAX_PROMPTS)]
    text: Literal["", "md", "txt"] = Field(
        default="", description="With the format directory: the texts alone"
    )


class ExportFileOut(BaseModel):
    """A file of the export, by its path in it."""

    path: str
    content: str


class ExportLossOut(BaseModel):
    """Something that the format cannot carry: of which prompt, which key (empty: the whole), and why."""

    where: str
    key: str
    reason: str


class ExportOut(BaseModel):
    """The files, and what they lack."""

    files: list[ExportFileOut]
    losses: list[ExportLossOut]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route of exports."""

    @router.post(
        "/projects/{project}/exports",
        summary="Write prompts in another tool's format, and name what it cannot carry",
        responses=problem_responses(400, 401, 403, 404, 413, 422),
        tags=["prompts"],
    )
    def export(project: str, given: ExportIn, actor: ActorDep) -> ExportOut:
        require_readable(deps.authorise, actor, project)
        picks = [(address_path(one.path), one.version) for one in given.prompts]
        with deps.db.read() as conn:
            written = export_prompts(
                conn,
                get_project(conn, project),
                picks,
                format_name=given.format,
                text=given.text,
            )
        return ExportOut(
            files=[ExportFileOut(path=path, content=content) for path, content in written.files],
            losses=[
                ExportLossOut(where=loss.where, key=loss.key_text, reason=loss.reason)
                for loss in written.losses
            ],
        )
