"""Carry a schedule out: at its time as the person who made it, or at any time by hand, as who does it.

It is the ordinary publish of the pinned versions, with a claim on the schedule's row in the same transaction: that row
says `done` exactly when the release exists, whatever crashes in between and however many servers try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.change import change_environment
from promptops_server.releases.model import Outcome, Pick, Promoted, Scheduled
from promptops_server.releases.plan import Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.publish import Publication
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.model import AGAIN, OPEN, Schedule, over

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def run_now(
    deps: ReleaseDeps, actor: Actor, project: Project, environment: str, schedule_id: str
) -> Outcome:
    """Carry out a schedule by hand, before its time or after it failed or was missed, with the actor's own rights.

    Raises:
        Conflict: it is done or cancelled, or as `publish`.
        Invalid, Denied, NotFound: as `publish`; the schedule stays as it was.
    """
    require_readable(deps.authorise, actor, project.name)
    with deps.db.read() as conn:
        place = environments.get(conn, project.id, environment)
        found = store.get(conn, schedule_id, project_id=project.id, environment_id=place.id)
    if found.state not in AGAIN:
        raise over(found)
    return carry_out(deps, actor, project, found, by_hand=True)


def carry_out(
    deps: ReleaseDeps, actor: Actor, project: Project, schedule: Schedule, *, by_hand: bool
) -> Outcome:
    """Publish what the schedule pinned, as this actor, unless it was carried out or cancelled meanwhile.

    Raises:
        Invalid, Conflict, Denied, NotFound: as `publish`.
    """
    among = AGAIN if by_hand else OPEN

    def claim(tx: Transaction, number: int) -> None:
        ended = store.end(
            tx.conn,
            schedule.id,
            "done",
            tx.now,
            among=among,
            release=number,
            by=actor.name if by_hand else None,
        )
        if not ended:
            raise over(store.get(tx.conn, schedule.id, project_id=project.id))

    publication = Publication(
        project,
        [Pick(p.path, p.version) for p in schedule.prompts if p.state == "live"],
        removals=[p.path for p in schedule.prompts if p.state == "removed"],
        reason=schedule.reason,
        decided_on=schedule.head,
        promoted=_promoted(schedule),
    )
    request = Request(
        actor,
        project,
        schedule.environment,
        "publish",
        schedule.reason,
        schedule.ticket,
        expected_head=schedule.head if schedule.only_if_head else None,
        scheduled=Scheduled(schedule.id, schedule.actor, schedule.head),
        claim=claim,
    )
    return change_environment(deps, request, publication.plan, prepare=publication.prepare)


def _promoted(schedule: Schedule) -> Promoted | None:
    if schedule.promoted_from is None or schedule.promoted_release is None:
        return None
    return Promoted(schedule.promoted_from, schedule.promoted_release)
