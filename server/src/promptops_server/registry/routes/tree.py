"""`/projects/{p}/tree`: one level of the tree, for a browser that opens folders one by one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.finding.tree import MOST_COUNTED, read_level
from promptops_server.registry.model import VersionState
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import LIMIT, RegistryDeps
from promptops_server.registry.routes.schemas import PromptOut, prompt_out
from promptops_server.registry.versions import versions_at


class FolderOut(BaseModel):
    """A module and how much is in it."""

    path: str
    name: str
    prompts: int = Field(
        description=f"in it and below; with `more`, {MOST_COUNTED:,} and there are others"
    )
    more: bool


class LeafOut(PromptOut):
    """A prompt, with the state its newest version is in."""

    state: VersionState


class TreePage(BaseModel):
    """A page of one level: first the modules, then the prompts, each by path."""

    module: str
    modules: list[FolderOut]
    prompts: list[LeafOut]
    next: str | None


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the route of the tree."""

    @router.get(
        "/projects/{project}/tree",
        summary="One level of a project: its modules with counts, and its prompts with what is live",
        responses=problem_responses(400, 401, 404),
        tags=["prompts"],
    )
    def tree(
        project: str,
        actor: ActorDep,
        module: Annotated[
            str, Query(max_length=600, description="Empty for the project itself")
        ] = "",
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> TreePage:
        require_readable(deps.authorise, actor, project)
        below = module.strip("/")
        with deps.db.read() as conn:
            found = get_project(conn, project)
            level = read_level(conn, found, below, limit=limit, cursor=cursor)
            live = deps.live.where(conn, found.id, [p.path for p in level.prompts])
            newest = versions_at(conn, found, [(p.path, p.latest) for p in level.prompts])
            states = deps.states(conn, found, newest)
        leaves = []
        for one in level.prompts:
            places = live.get(one.path, ())
            published = any(place.version == one.latest for place in places)
            otherwise: VersionState = "published" if published else "draft"
            state = states.get((one.path, one.latest), otherwise)
            leaves.append(LeafOut(**prompt_out(one, places).model_dump(), state=state))
        return TreePage(
            module=below,
            modules=[
                FolderOut(
                    path=folder.path,
                    name=folder.path.rpartition("/")[2],
                    prompts=folder.prompts,
                    more=folder.more,
                )
                for folder in level.modules
            ],
            prompts=leaves,
            next=level.next,
        )
