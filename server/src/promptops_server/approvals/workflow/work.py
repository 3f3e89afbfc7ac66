"""My work: what waits for somebody, by what they may do. Reads open requests oldest first and keeps what is theirs.

Other parts of the product add their own sources of work; `app` connects them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from promptops_server.approvals.workflow.decide import ACTIONS
from promptops_server.approvals.workflow.demands import DAY_US
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.status import Standing, standings_of
from promptops_server.approvals.workflow.store import RequestRow, requests_in
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import now_us
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project_by_id, may_read
from promptops_server.registry.tables import project as project_table

Kind = Literal[
    "review",
    "validate",
    "approve",
    "publish",
    "changes_requested",
    "rejected",
    "lapsed",
    "certify",
    "suspend_decision",
    "ratify",
    "accept_exception",
    "approve_redaction",
    "revoked_live",
]
LOOKED_AT = 500
"""Requests looked at for one page: a page may come out short, with a `next`."""
RECENT_US = 30 * DAY_US


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. `since` is when it began to wait, in microseconds."""

    kind: Kind
    project: str
    path: str
    version: int | None
    what: str
    """A sentence for people."""
    since: int
    request: int | None = None
    tier: str | None = None
    due: int | None = None
    asked: bool = False
    """The person was named in the request."""


Source = Callable[[Connection, Actor, Project, int], Iterable[Work]]
"""Connection, actor, project, now → what else waits there for this person; bounded by the source."""


def my_work(
    deps: WorkflowDeps,
    actor: Actor,
    sources: Iterable[Source] = (),
    *,
    limit: int,
    after: str | None,
    project: Project | None = None,
) -> cursor.Page[Work]:
    """What waits for this person in all projects they may read, or in one; other sources stand on the first page."""
    now = now_us()
    with deps.db.read() as conn:
        projects = _projects(deps, conn, actor) if project is None else {project.id: project}
        since, last = cursor.decode(after, int, str) if after else (0, "")
        rows = requests_in(conn, list(projects), since, last, LOOKED_AT + 1)
        found: list[tuple[Work, RequestRow]] = []
        read = rows[:LOOKED_AT]
        by_project: dict[str, list[RequestRow]] = {}
        for row in read:
            by_project.setdefault(row.project_id, []).append(row)
        for project_id, some in by_project.items():
            of = projects[project_id]
            for standing in standings_of(conn, of, some, deps.more):
                work = _work(deps, actor, of, standing, now)
                if work is not None:
                    found.append((work, standing.row))
        found.sort(key=lambda pair: (pair[1].request.opened_at, pair[1].id))
        more = len(found) > limit or len(rows) > LOOKED_AT
        cut = found[:limit]
        last_row = cut[-1][1] if len(found) > limit else (read[-1] if read else None)
        items = [work for work, _ in cut]
        if after is None:
            others = [
                work
                for of in projects.values()
                for source in sources
                for work in source(conn, actor, of, now)
            ]
            items = [*sorted(others, key=lambda w: w.due or w.since), *items]
    ending = cursor.encode(last_row.request.opened_at, last_row.id) if more and last_row else None
    return cursor.Page(items, ending)


def _projects(deps: WorkflowDeps, conn: Connection, actor: Actor) -> dict[str, Project]:
    rows = conn.execute(select(project_table.c.id, project_table.c.name)).all()
    return {
        row.id: get_project_by_id(conn, row.id)
        for row in rows
        if may_read(deps.authorise, actor, row.name)
    }


def _work(
    deps: WorkflowDeps, actor: Actor, project: Project, standing: Standing, now: int
) -> Work | None:
    row, case = standing.row, standing.case
    progress = case.progress
    if progress is None or case.version.archived:  # nothing archived can be released
        return None

    def work(kind: Kind, what: str, since: int) -> Work:
        return Work(
            kind,
            project.name,
            row.path,
            row.version,
            what,
            since,
            request=row.number,
            tier=row.request.binding.tier,
            due=progress.lapses_at if progress is not None else None,
            asked=actor.subject in row.asked,
        )

    mine = row.request.opened_by == actor.identity
    author = actor.identity in case.authors.identities
    address = f"{row.path}@{row.version}"
    if progress.state in ("in_review", "reviewed", "changes_requested") and not author:
        decided = any(d.decision.identity == actor.identity for d in case.decisions)
        for step in progress.next_steps if not decided else ():
            resource = Resource(project=project.name, path=row.path)
            if deps.authorise(actor, ACTIONS[step], resource).allowed:
                return work(
                    step, f"{address} waits for your decision ({step}).", row.request.opened_at
                )
    if mine and progress.state == "changes_requested":
        return work(
            "changes_requested", f"Changes to {address} were asked for.", row.request.opened_at
        )
    approved_it = standing.demands.publisher_is_no_approver and any(
        d.verdict == "approve" and d.identity == actor.identity for d in progress.counted
    )
    unused = progress.state == "approved" and row.request.used_at is None
    if unused and not author and not approved_it:
        resource = Resource(project=project.name, path=row.path, approval_required=True)
        if deps.authorise(actor, "release:publish", resource).allowed:
            return work(
                "publish", f"{address} is approved and not published.", progress.approved_at or now
            )
    if mine and progress.state == "lapsed" and now - (progress.lapses_at or 0) < RECENT_US:
        return work(
            "lapsed", f"The approval of {address} lapsed unused.", progress.lapses_at or now
        )
    return None
