"""`/me/work`: what waits for the caller."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field

from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.work import Kind, Source, Work, my_work
from promptops_server.infra import cursor as pages
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit


class WorkOut(BaseModel):
    """One thing to do."""

    kind: Kind
    project: str
    path: str
    version: int | None
    request: int | None
    tier: str | None
    what: str
    since: str
    due: str | None
    asked: bool = Field(description="the caller was asked by name")


class WorkPage(BaseModel):
    """What waits, the longest waiting first. A page may be short and still have a `next`."""

    items: list[WorkOut]
    next: str | None


def add_routes(api: APIRouter, deps: WorkflowDeps, sources: Sequence[Source]) -> None:
    """My work."""

    @api.get("/me/work", summary="What waits for me")
    def mine(
        actor: ActorDep, limit: Limit = pages.DEFAULT_LIMIT, cursor: Cursor = None
    ) -> WorkPage:
        page = my_work(deps, actor, sources, limit=limit, after=cursor)
        return WorkPage(items=[_out(item) for item in page.items], next=page.next)


def _out(work: Work) -> WorkOut:
    return WorkOut(
        kind=work.kind,
        project=work.project,
        path=work.path,
        version=work.version,
        request=work.request,
        tier=work.tier,
        what=work.what,
        since=to_text(work.since),
        due=to_text(work.due) if work.due is not None else None,
        asked=work.asked,
    )
