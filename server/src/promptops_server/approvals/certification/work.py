"""What certification adds to somebody's work: reviews of what is live that wait for them, and whether it is suspended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.certify import (
    ACTIONS,
    authors_of_due,
    tier_for,
    why_not_certifiable,
)
from promptops_server.approvals.certification.model import Cadence, Due, missing
from promptops_server.approvals.continuity import ContinuityDeps, from_risk, may_decide
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.work import Source, Work
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import to_text
from promptops_server.registry.model import Project

MOST = 50
"""Looked at per project, the earliest first; `review due` lists all."""


def certification_work(deps: ContinuityDeps, cadence: Cadence) -> Source:
    """The source: what is due within the warning, for whoever may take its next step."""

    def found(conn: Connection, actor: Actor, project: Project, now: int) -> Iterator[Work]:
        page = store.page(
            conn, project.id, wanted="warned", now=now, cadence=cadence, limit=MOST, after=None
        )
        places = deps.places.names(conn, project.id) if page.items else {}
        mine = [due for due in page.items if _may(deps, actor, project, due, places)]
        papers = _papers(deps, conn, project, mine, places, now)
        for due in mine:
            yield from _work(deps, conn, actor, project, due, places, papers.get(due.id), now)

    return found


def _may(
    deps: ContinuityDeps, actor: Actor, project: Project, due: Due, places: Mapping[str, str]
) -> bool:
    resource = _resource(project, due, places)
    return any(may_decide(deps, actor, ACTIONS[step], resource) for step in ("review", "approve"))


def _resource(project: Project, due: Due, places: Mapping[str, str]) -> Resource:
    return Resource(project.name, path=due.path, environment=places.get(due.environment_id, ""))


def _papers(
    deps: ContinuityDeps,
    conn: Connection,
    project: Project,
    dues: Sequence[Due],
    places: Mapping[str, str],
    now: int,
) -> dict[str, Paperwork]:
    """By row id; read once per environment."""
    by_place: dict[str, list[Due]] = defaultdict(list)
    for due in dues:
        by_place[places.get(due.environment_id, "")].append(due)
    found: dict[str, Paperwork] = {}
    for place, some in by_place.items():
        papers = deps.papers(conn, project, place, [(d.path, d.version) for d in some], now)
        found.update((d.id, p) for d in some if (p := papers.get((d.path, d.version))) is not None)
    return found


def _work(
    deps: ContinuityDeps,
    conn: Connection,
    actor: Actor,
    project: Project,
    due: Due,
    places: Mapping[str, str],
    papers: Paperwork | None,
    now: int,
) -> Iterator[Work]:
    if actor.identity in authors_of_due(deps, conn, due, papers):
        return
    resource = _resource(project, due, places)
    tier = tier_for(due, papers)
    where = f"{due.path}@{due.version} in {resource.environment}"
    if due.suspension == "asked" and may_decide(deps, actor, "review:approve", resource):
        yield Work(
            "suspend_decision",
            project.name,
            due.path,
            due.version,
            f"The review of {where} is overdue: suspend it, or say why it stays"
            f" (`promptops review keep {project.name} {due.id}`).",
            due.overdue_at or due.due_at,
            tier=tier,
            due=due.due_at,
        )
    made = store.decisions(conn, due.id)
    if why_not_certifiable(papers) or any(d.identity == actor.identity for d in made):
        return
    left = missing(tier, made)
    if (
        left
        and may_decide(deps, actor, ACTIONS[left[0].step], resource)
        and (not left[0].from_risk or from_risk(deps.authorise, actor, resource))
    ):
        overdue = f", overdue since {to_text(due.due_at)}" if due.due_at <= now else ""
        yield Work(
            "certify",
            project.name,
            due.path,
            due.version,
            f"{where} is live and waits to be certified ({left[0].step}){overdue}.",
            due.warned_at or due.started_at,
            tier=tier,
            due=due.due_at,
        )
