"""`/projects/{p}/redactions`: ask, look, approve, cancel. Routes only parse, call and render.

A request takes no `Idempotency-Key`: what makes two requests the same would be a hash of the texts.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import to_text
from promptops_server.infra.cursor import DEFAULT_LIMIT
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.cancel import cancel_redaction
from promptops_server.registry.redaction.deps import RedactionDeps
from promptops_server.registry.redaction.model import (
    DEFAULT_MARKER,
    MAX_MARKER,
    MAX_REASON,
    MAX_TEXTS,
    MAX_TICKET,
    Redaction,
)
from promptops_server.registry.redaction.request import (
    Wanted,
    preview_redaction,
    request_redaction,
)

_LONGEST_SENT = 20_000


class RedactionIn(BaseModel):
    """What to take out. The texts are sealed, and wiped when the request ends."""

    model_config = ConfigDict(extra="forbid")

    path: Line = Field(
        max_length=600,
        description="The prompt it was found in, `module/prompt`; or another file with its ending, `module/prompt.suite.yml`",
    )
    version: int | None = Field(default=None, ge=1, le=999_999_999, description="And the version")
    texts: list[Annotated[SecretStr, Field(max_length=_LONGEST_SENT)]] = Field(
        min_length=1,
        max_length=MAX_TEXTS,
        description="Exactly as they stand in the file; never returned",
    )
    marker: Line = Field(
        default=DEFAULT_MARKER, max_length=MAX_MARKER, description="What stands in their place"
    )
    reason: Lines = Field(default="", max_length=MAX_REASON)
    ticket: Line | None = Field(default=None, max_length=MAX_TICKET)
    dry_run: bool = Field(default=False, description="Only show what would be touched")


class PlaceOut(BaseModel):
    """Where a version that holds the text is live."""

    environment: str
    path: str
    version: int


class KeptOut(BaseModel):
    """What holds the text and is never changed."""

    audit_events: int
    signed_statements: int
    names: int = Field(description="Names of files and folders")


class FiguresOut(BaseModel):
    """What a redaction touches. Lists are cut at 100; the figures beside them are whole."""

    files: int
    other_files: list[str] = Field(
        description="Files that are no prompts, such as suites; earlier states by their names alone"
    )
    other_files_changed: int
    folders: int
    commits: int
    tags: int
    refs: list[str]
    refs_moved: int
    versions: list[str] = Field(description="Versions whose file holds the text")
    versions_changed: int
    users: list[str] = Field(description="Versions that include one of them as a fragment")
    users_changed: int
    artifacts: int
    releases: int
    release_reasons: int
    rows: dict[str, int] = Field(description="Other places: working copies, messages, …")
    live: list[PlaceOut] = Field(description="While this is not empty, nobody can approve")
    breaks: list[str] = Field(description="Versions that would no longer be valid files")
    kept: KeptOut


class RedactionOut(BaseModel):
    """A redaction that was asked for."""

    id: str
    address: str
    state: str = Field(description="`requested`, `done`, `cancelled` or `expired`")
    marker: str
    texts: int = Field(description="How many")
    fingerprint: str
    reason: str
    ticket: str | None
    requested_by: str
    requested_at: str
    expires_at: str
    ended_by: str | None
    ended_at: str | None
    cleaned_at: str | None = Field(
        description="When Redis and the database's free space had forgotten too"
    )
    found: dict[str, Any] = Field(description="What it would touch, when it was asked for")
    done: dict[str, Any] | None = Field(description="What it touched")


class RedactionPage(BaseModel):
    """A page of redactions, newest first."""

    items: list[RedactionOut]
    next: str | None


def router(deps: RedactionDeps) -> APIRouter:
    """All routes of redactions, without prefix."""
    result = APIRouter(tags=["redactions"])
    _add_reading(result, deps)
    _add_writing(result, deps)
    return result


def _add_reading(router: APIRouter, deps: RedactionDeps) -> None:
    @router.get(
        "/projects/{project}/redactions",
        summary="List a project's redactions, newest first",
        responses=problem_responses(400, 401, 404),
    )
    def listed(
        project: str, actor: ActorDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> RedactionPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            page = store.listed(conn, get_project(conn, project), limit=limit, cursor=cursor)
        return RedactionPage(items=[_out(item) for item in page.items], next=page.next)

    @router.get(
        "/projects/{project}/redactions/{redaction}",
        summary="Show a redaction",
        responses=problem_responses(401, 404),
    )
    def show(project: str, redaction: str, actor: ActorDep) -> RedactionOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            return _out(store.get(conn, get_project(conn, project), redaction))


def _add_writing(router: APIRouter, deps: RedactionDeps) -> None:
    @router.post(
        "/projects/{project}/redactions",
        status_code=201,
        response_model=RedactionOut,
        summary="Ask for a redaction, or show what it would touch",
        description=(
            "Takes the texts out of the whole project: every branch, tag and environment, working copies, messages. "
            "Nothing is changed until a second person approves, within seven days. With `dry_run` nothing is kept."
        ),
        responses={
            200: {"description": "What it would touch (`dry_run`)", "model": FiguresOut},
            **problem_responses(400, 401, 403, 404, 409, 422),
        },
    )
    def ask(project: str, body: RedactionIn, actor: ActorDep) -> JSONResponse:
        address_path(body.path)
        wanted = Wanted(
            body.path,
            [text.get_secret_value() for text in body.texts],
            body.version,
            body.marker,
            body.reason,
            body.ticket,
        )
        if body.dry_run:
            return JSONResponse(preview_redaction(deps, actor, project, wanted))
        return JSONResponse(_out(request_redaction(deps, actor, project, wanted)).model_dump(), 201)

    @router.post(
        "/projects/{project}/redactions/{redaction}/approve",
        summary="Approve a redaction, which carries it out",
        description=(
            "By another person than the one who asked. Refused while a legal hold stands, and while a version that "
            "holds the text is live."
        ),
        responses=problem_responses(401, 403, 404, 409, 422),
    )
    def approve(project: str, redaction: str, actor: ActorDep) -> RedactionOut:
        return _out(approve_redaction(deps, actor, project, redaction))

    @router.post(
        "/projects/{project}/redactions/{redaction}/cancel",
        summary="Cancel a redaction that was asked for",
        responses=problem_responses(401, 403, 404, 409),
    )
    def cancel(project: str, redaction: str, actor: ActorDep) -> RedactionOut:
        return _out(cancel_redaction(deps, actor, project, redaction))


def _out(item: Redaction) -> RedactionOut:
    return RedactionOut(
        id=item.id,
        address=item.address,
        state=item.state,
        marker=item.marker,
        texts=item.texts,
        fingerprint=item.fingerprint,
        reason=item.reason,
        ticket=item.ticket,
        requested_by=item.requested_name,
        requested_at=to_text(item.requested_at),
        expires_at=to_text(item.expires_at),
        ended_by=item.ended_name,
        ended_at=_time(item.ended_at),
        cleaned_at=_time(item.cleaned_at),
        found=item.found,
        done=item.done,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)
