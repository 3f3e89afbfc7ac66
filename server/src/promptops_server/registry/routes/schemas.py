"""What the registry's routes answer, field by field, and how values become it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import seconds_to_text, to_text
from promptops_server.registry.edits.import_prompts import Import, Result
from promptops_server.registry.model import (
    LivePlace,
    Project,
    Prompt,
    Version,
    VersionState,
    state_of,
)

Problems = list[dict[str, Any]]


class ProjectOut(BaseModel):
    """A project."""

    name: str
    title: str
    description: str
    created_at: str


class ProjectPage(BaseModel):
    """A page of projects."""

    items: list[ProjectOut]
    next: str | None


class ProjectIn(BaseModel):
    """A new project."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Letters, digits, `.`, `_`, `-`; starts with a letter or digit")
    title: Line = ""
    description: Lines = ""


class LiveOut(BaseModel):
    """An environment in which a version is live."""

    environment: str
    version: int


class PromptOut(BaseModel):
    """One address, with what its newest version says."""

    address: str
    path: str
    version: int
    name: str
    description: str
    model: str | None
    tags: list[str]
    owners: list[str]
    states: list[str] = Field(description="`draft` or `published`; `behind`, `suspended` besides")
    valid: bool
    archived_at: str | None
    created_at: str
    updated_at: str
    live: list[LiveOut]


class PromptPage(BaseModel):
    """A page of prompts."""

    items: list[PromptOut]
    next: str | None


class ModuleOut(BaseModel):
    """A module: a folder of prompts and modules."""

    path: str


class ModulePage(BaseModel):
    """A page of modules."""

    items: list[ModuleOut]
    next: str | None


class VersionOut(BaseModel):
    """The content of one prompt at one address, for ever."""

    address: str
    path: str
    version: int
    commit: str
    behaviour: str | None = Field(description="Digest of all a model can receive; null if invalid")
    record: str | None = Field(description="Digest of the authored documentation; null if invalid")
    parent: int | None
    author: str
    author_text: str = Field(description="The commit's author line, as pushed")
    message: str
    created_at: str = Field(description="When it was acknowledged here")
    committed_at: str | None = Field(
        description="What the commit says, in UTC: a claim; null if that is no date"
    )
    state: VersionState
    valid: bool
    problems: Problems
    moved_from: str | None
    archived: bool
    live: list[str] = Field(description="Environments in which this version is live")
    redacted_at: str | None = Field(
        description="When a redaction changed its content: it cannot be released"
    )


class ArchivedOut(BaseModel):
    """What archiving did: live versions stay live until a release says otherwise."""

    address: str
    path: str
    version: int
    commit: str
    message: str
    archived: Literal[True] = True
    live: list[LiveOut]
    companions: list[str] = Field(description="Suite files that were removed with it")
    notice: str


class ChangeOut(BaseModel):
    """One key whose value differs."""

    key: str
    kind: str
    before: Any
    after: Any


class DiffOut(BaseModel):
    """The difference of two versions. `changes` is null when a side is no valid prompt file."""

    model_config = ConfigDict(populate_by_name=True)

    before: VersionOut | None = Field(alias="from")
    after: VersionOut = Field(alias="to")
    changes: list[ChangeOut] | None
    text: str


class ImportItemIn(BaseModel):
    """One prompt to import: its path without extension, and the YAML file."""

    model_config = ConfigDict(extra="forbid")

    path: str
    content: str


class ImportIn(BaseModel):
    """Many prompts, imported in one commit."""

    model_config = ConfigDict(extra="forbid")

    prompts: list[ImportItemIn]
    message: str | None = Field(default=None, description="At most 500 characters")
    on_conflict: Literal["version", "skip", "refuse"] = "version"
    allow_invalid: bool = False


class ImportedOut(BaseModel):
    """What happened to one prompt."""

    path: str
    result: Result
    version: int | None
    valid: bool
    reason: str
    problems: Problems


class ImportOut(BaseModel):
    """What an import did. `commit` is null when nothing changed."""

    commit: str | None
    created: int
    updated: int
    unchanged: int
    skipped: int
    refused: int
    items: list[ImportedOut]


def project_out(project: Project) -> ProjectOut:
    return ProjectOut(
        name=project.name,
        title=project.title,
        description=project.description,
        created_at=to_text(project.created_at),
    )


def live_out(places: Sequence[LivePlace]) -> list[LiveOut]:
    return [LiveOut(environment=p.environment, version=p.version) for p in places]


def prompt_out(prompt: Prompt, places: Sequence[LivePlace]) -> PromptOut:
    return PromptOut(
        address=prompt.address,
        path=prompt.path,
        version=prompt.latest,
        name=prompt.name,
        description=prompt.description,
        model=prompt.model,
        tags=list(prompt.tags),
        owners=list(prompt.owners),
        states=list(prompt.states),
        valid=prompt.valid,
        archived_at=None if prompt.archived_at is None else to_text(prompt.archived_at),
        created_at=to_text(prompt.created_at),
        updated_at=to_text(prompt.updated_at),
        live=live_out(places),
    )


def version_fields(
    version: Version, places: Sequence[LivePlace] = (), state: VersionState | None = None
) -> dict[str, Any]:
    """The members of a version on the wire. Without `state`, where it is live decides."""
    return {
        "address": version.address,
        "path": version.path,
        "version": version.number,
        "commit": version.commit,
        "behaviour": version.behaviour,
        "record": version.record,
        "parent": version.parent,
        "author": version.author_name,
        "author_text": version.author_text,
        "message": version.message,
        "created_at": to_text(version.created_at),
        "committed_at": seconds_to_text(version.committed_at),
        "state": state or state_of(version.number, tuple(places)),
        "valid": version.valid,
        "problems": [dict(problem) for problem in version.problems],
        "moved_from": version.moved_from,
        "archived": version.archived,
        "live": [p.environment for p in places if p.version == version.number],
        "redacted_at": None if version.redacted_at is None else to_text(version.redacted_at),
    }


def version_out(version: Version, live: Mapping[str, Sequence[LivePlace]]) -> VersionOut:
    return VersionOut(**version_fields(version, live.get(version.path, ())))


def import_out(done: Import) -> dict[str, Any]:
    """The answer to an import, ready for JSON."""
    return {
        "commit": done.commit,
        "created": done.count("created"),
        "updated": done.count("updated"),
        "unchanged": done.count("unchanged"),
        "skipped": done.count("skipped"),
        "refused": done.count("refused"),
        "items": [
            {
                "path": item.path,
                "result": item.result,
                "version": item.version,
                "valid": item.valid,
                "reason": item.reason,
                "problems": [dict(problem) for problem in item.problems],
            }
            for item in done.items
        ],
    }
