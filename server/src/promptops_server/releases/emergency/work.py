"""What emergencies add to somebody's work: those that wait to be ratified."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from promptops_server.approvals.continuity import is_decider, role_of
from promptops_server.approvals.workflow.work import Source, Work
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.registry.model import Project
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import EmergencyRelease, missing
from promptops_server.releases.emergency.ratify import EmergencyDeps

MOST = 20
"""Looked at per project, the newest first; `emergency list` lists all."""


def emergency_work(deps: EmergencyDeps) -> Source:
    """The source: open emergencies, for approvers who neither invoked them nor wrote what went live."""

    def found(conn: Connection, actor: Actor, project: Project, now: int) -> Iterator[Work]:
        page = store.page(
            conn, project.id, environment_id=None, state="open", limit=MOST, after=None
        )
        for item in page.items:
            if now < item.deadline and _may(deps, conn, actor, project, item, now):
                first = item.prompts[0]
                more = f" and {len(item.prompts) - 1} more" if len(item.prompts) > 1 else ""
                yield Work(
                    "ratify",
                    project.name,
                    first.path,
                    first.version,
                    f"{item.incident}: {first.path}@{first.version}{more} went live in {item.environment} without approval"
                    f" (`promptops emergency ratify {project.name}@{item.environment} r{item.release}`, or `refuse`).",
                    item.invoked_at,
                    tier=item.tier,
                    due=item.deadline,
                )

    return found


def _may(
    deps: EmergencyDeps,
    conn: Connection,
    actor: Actor,
    project: Project,
    item: EmergencyRelease,
    now: int,
) -> bool:
    authorise = deps.releases.authorise
    where = Resource(project.name, environment=item.environment, approval_required=True)
    if actor.identity in item.authors | {item.invoked_identity} or not is_decider(
        authorise,
        actor,
        "emergency:ratify",
        where,
        operator_tokens_decide=deps.operator_tokens_decide,
    ):
        return False
    whole = store.by_id(conn, item.id)
    left = None if whole is None else missing(whole)
    if whole is None or left is None or any(d.identity == actor.identity for d in whole.decisions):
        return False
    if left.from_risk and left.count == 1 and role_of(authorise, actor, where, "approve") != "risk":
        return False
    contents = [(prompt.path, prompt.version) for prompt in whole.prompts]
    papers = deps.releases.papers(conn, project, item.environment, contents, now)
    return all(actor.identity not in paper.authors for paper in papers.values())
