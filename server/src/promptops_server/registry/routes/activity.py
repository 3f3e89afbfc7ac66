"""`/projects/{p}/activity`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops_server.access.users import get_user
from promptops_server.infra.clock import now_us
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.finding.activity import SHOWN, Item
from promptops_server.registry.finding.activity_log import Asked, read_activity
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
)


class TouchedOut(BaseModel):
    """A prompt of an item. `version` is null when it was archived, or taken away from an environment."""

    path: str
    version: int | None


class ItemOut(BaseModel):
    """One thing that happened."""

    at: str
    actor: str
    kind: str = Field(description="`edit`, `import`, `push`, `publish`, …; else the audited action")
    summary: str
    prompts: list[TouchedOut] = Field(description=f"At most {SHOWN}")
    prompts_total: int | None
    environment: str | None
    release: int | None
    commit: str | None
    reason: str | None
    ticket: str | None


class ActivityPage(BaseModel):
    """A page, newest first. `latest` is what to ask `since` next time, to get only what is new."""

    items: list[ItemOut]
    next: str | None
    latest: str


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route of the activity feed."""

    @router.get(
        "/projects/{project}/activity",
        summary="What happened in a project, newest first",
        description="For everybody who may read it. Refusals and grants are in the audit log alone.",
        responses=problem_responses(400, 401, 404),
        tags=["projects"],
    )
    def activity(
        project: str,
        actor: ActorDep,
        by: Annotated[
            str, Query(alias="actor", max_length=100, description="Only by this user")
        ] = "",
        kind: Annotated[str, Query(max_length=64, pattern=r"^[a-z_.-]*$")] = "",
        prompt: Annotated[
            str, Query(max_length=600, description="Only what touched this prompt")
        ] = "",
        since: Annotated[
            str,
            Query(max_length=200, description="A time, `7d` ago, or `latest` of an earlier answer"),
        ] = "",
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> ActivityPage:
        require_readable(deps.authorise, actor, project)
        if prompt:
            address_path(prompt)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            asked = Asked(
                actor=get_user(conn, by).id if by else "", kind=kind, path=prompt, since=since
            )
            page = read_activity(conn, found, asked, limit=limit, cursor=cursor, now=now_us())
        return ActivityPage(
            items=[item_out(item) for item in page.items], next=page.next, latest=page.latest
        )


def item_out(item: Item) -> ItemOut:
    """An item on the wire."""
    return ItemOut(
        at=item.at,
        actor=item.actor,
        kind=item.kind,
        summary=item.summary,
        prompts=[TouchedOut(path=t.path, version=t.version) for t in item.prompts],
        prompts_total=item.prompts_total,
        environment=item.environment,
        release=item.release,
        commit=item.commit,
        reason=item.reason,
        ticket=item.ticket,
    )
