"""Routes of what a console shows in one call: a project's home, its people and coverage, and the quick search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from promptops_server.access.people import display_names, people_of
from promptops_server.access.roles import Role
from promptops_server.app.console import wire
from promptops_server.app.console.coverage import read_coverage
from promptops_server.app.console.overview import Count, read_overview
from promptops_server.app.console.search import search
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.work import Source, my_work
from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.projects import get_project, require_readable

MOST_WORK = 100
"""Things to do that a project's home counts."""
MOST_NAMES = 100
"""Names that are looked up at once."""


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the routes stand on. `sources` are those of `my_work`."""

    workflow: WorkflowDeps
    sources: Sequence[Source]

    @property
    def db(self) -> Database:
        return self.workflow.db

    @property
    def authorise(self) -> Authorise:
        return self.workflow.authorise


def router(deps: ConsoleDeps) -> APIRouter:
    """The routes."""
    api = APIRouter(responses=problem_responses(401))
    _of_project(api, deps)

    @api.get(
        "/search",
        summary="Find projects, environments, releases, reviews and prompts by a few words",
        description=(
            "In every project you may read. `r42` finds releases, `#12` review requests. "
            "At most 20; only prompts go on beyond the first page."
        ),
        responses=problem_responses(400),
        tags=["search"],
    )
    def quick(
        actor: ActorDep,
        q: Annotated[str, Query(max_length=200, description="a few words")] = "",
        cursor: Cursor = None,
    ) -> wire.HitPage:
        with deps.db.read() as conn:
            page = search(conn, actor, deps.authorise, q, cursor=cursor)
        return wire.HitPage(items=[wire.hit_out(hit) for hit in page.items], next=page.next)

    return api


def _of_project(api: APIRouter, deps: ConsoleDeps) -> None:
    @api.get(
        "/projects/{project}/overview",
        summary="A project's home: what is live where, what happened, what waits",
        responses=problem_responses(404),
        tags=["projects"],
    )
    def overview(project: str, actor: ActorDep) -> wire.OverviewOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            home = read_overview(conn, found)
        work = my_work(
            deps.workflow, actor, deps.sources, limit=MOST_WORK, after=None, project=found
        )
        waits = Count(min(len(work.items), MOST_WORK), work.next is not None)
        return wire.overview_out(found, home, waits)

    @api.get(
        "/projects/{project}/people",
        summary="People with a role in a project, to choose reviewers and approvers from",
        responses=problem_responses(400, 404),
        tags=["access"],
    )
    def people(
        project: str,
        actor: ActorDep,
        q: Annotated[
            str, Query(max_length=200, description="the beginning of a name, in any case")
        ] = "",
        role: Annotated[Role | None, Query(description="only those who hold it")] = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> wire.PeoplePage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            get_project(conn, project)
            page = people_of(conn, project, q=q, role=role or "", limit=limit, cursor=cursor)
        return wire.PeoplePage(items=[wire.person_out(one) for one in page.items], next=page.next)

    @api.get(
        "/projects/{project}/names",
        summary="What the accounts with these user names are called",
        description="For pages that show people. Names that are no account's are left out.",
        responses=problem_responses(404),
        tags=["access"],
    )
    def names(
        project: str,
        actor: ActorDep,
        name: Annotated[
            list[Annotated[str, StringConstraints(max_length=200)]],
            Query(min_length=1, max_length=MOST_NAMES, description="user names"),
        ],
    ) -> wire.NamesOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            get_project(conn, project)
            found = display_names(conn, set(name))
        return wire.NamesOut(names=found)

    @api.get(
        "/projects/{project}/coverage",
        summary="How complete the documentation is, what lapsed, and which reviews fall due",
        responses=problem_responses(404),
        tags=["records"],
    )
    def coverage(project: str, actor: ActorDep) -> wire.CoverageOut:
        require_readable(deps.authorise, actor, project)
        days = deps.workflow.more.lapse_days
        with deps.db.read() as conn:
            found = get_project(conn, project)
            counts = read_coverage(conn, found, lapse_days=days, now=now_us())
        return wire.coverage_out(found, counts)
