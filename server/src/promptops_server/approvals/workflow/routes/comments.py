"""`/projects/{p}/reviews/{n}/comments`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.comments import (
    MAX_BODY,
    Comment,
    add_comment,
    apply_suggestion,
    list_comments,
    resolve_comment,
)
from promptops_server.approvals.workflow.ports import Keep, WorkflowDeps
from promptops_server.approvals.workflow.routes.requests import REVIEWS, find_project
from promptops_server.approvals.workflow.routes.wire import In
from promptops_server.infra import cursor as pages
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, IdempotencyKey, Limit, fingerprint
from promptops_server.infra.idempotency import answer_once

COMMENTS = REVIEWS + "/{number}/comments"


class CommentIn(In):
    """A comment: on the request, on a line of its file, or in reply."""

    body: Lines = Field(default="", max_length=MAX_BODY)
    line: int | None = Field(default=None, ge=1, le=10_000_000)
    reply_to: Line | None = Field(default=None, max_length=36)
    suggestion: Lines | None = Field(
        default=None, max_length=MAX_BODY, description="what the line should read instead"
    )


class CommentPatch(In):
    """Settle a thread, or open it again."""

    resolved: bool


class CommentOut(BaseModel):
    """A comment."""

    id: str
    thread: str = Field(description="id of the comment that began the thread")
    line: int | None
    body: str
    suggestion: str | None
    by: str
    at: str
    resolved_at: str | None


class CommentPage(BaseModel):
    """Comments, oldest first."""

    items: list[CommentOut]
    next: str | None


class Applied(BaseModel):
    """The version a suggestion became."""

    path: str
    version: int


def add_routes(api: APIRouter, deps: WorkflowDeps) -> None:
    """Comment, settle, apply a suggestion."""

    @api.post(COMMENTS, status_code=201, summary="Comment on a request")
    def add(
        actor: ActorDep,
        project: str,
        number: int,
        body: CommentIn,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> CommentOut:
        found = find_project(deps, actor, project)

        def work(keep: Keep[Comment]) -> Comment:
            return add_comment(
                deps,
                actor,
                found,
                number,
                body.body,
                line=body.line,
                reply_to=body.reply_to,
                suggestion=body.suggestion,
                keep=keep,
            )

        _, made = answer_once(
            deps.db,
            actor,
            idempotency_key,
            fingerprint(request, body),
            work,
            lambda comment: (201, _out(comment).model_dump(mode="json")),
        )
        return CommentOut(**made)

    @api.get(COMMENTS, summary="Comments of a request")
    def list_of_request(
        actor: ActorDep,
        project: str,
        number: int,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> CommentPage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            row = store.get_request(conn, found.id, number)
            page = list_comments(conn, row.id, limit=limit, after=cursor)
        return CommentPage(items=[_out(c) for c in page.items], next=page.next)

    @api.patch(COMMENTS + "/{comment}", summary="Settle a thread, or open it again")
    def patch(
        actor: ActorDep, project: str, number: int, comment: str, body: CommentPatch
    ) -> CommentOut:
        found = find_project(deps, actor, project)
        return _out(resolve_comment(deps, actor, found, number, comment, body.resolved))

    @api.post(
        COMMENTS + "/{comment}/apply", status_code=201, summary="Make a version of a suggestion"
    )
    def apply(actor: ActorDep, project: str, number: int, comment: str) -> Applied:
        found = find_project(deps, actor, project)
        made = apply_suggestion(deps, actor, found, number, comment)
        return Applied(path=made.version.path, version=made.version.number)


def _out(comment: Comment) -> CommentOut:
    return CommentOut(
        id=comment.id,
        thread=comment.thread,
        line=comment.line,
        body=comment.body,
        suggestion=comment.suggestion,
        by=comment.name,
        at=to_text(comment.at),
        resolved_at=to_text(comment.resolved_at) if comment.resolved_at is not None else None,
    )
