"""Schedule a release: check now what can be checked now, pin the versions, and keep it for its time.

What the gate has against it as things stand is told, not refused: approvals may still come. Carrying it out is
`carry_out`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptops_server.approvals.model import Unmet
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.idempotency import run_once
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import TooLarge
from promptops_server.infra.project_lock import lock_project
from promptops_server.releases import environments
from promptops_server.releases.change import check_access, check_head, may_change
from promptops_server.releases.model import (
    MAX_CHANGES,
    Environment,
    Once,
    Pick,
    check_reason,
    check_ticket,
)
from promptops_server.releases.plan import Plan, Planner, Preparation, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.preview import unmet_of
from promptops_server.releases.promote import Promotion, Selection
from promptops_server.releases.publish import Publication
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.model import (
    MAX_OPEN,
    Schedule,
    ScheduledPrompt,
    check_time,
)
from promptops_server.releases.stop import check_paths

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


@dataclass(frozen=True, slots=True)
class Added:
    """The schedule made, and what access and gate would have against it at its time as things stand now."""

    schedule: Schedule
    unmet: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True)
class When:
    """The time (microseconds), and whether another head than now refuses it then."""

    at: int
    only_if_head: bool = False


def schedule_publish(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    picks: Sequence[Pick],
    when: When,
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Added:
    """Keep a publish of these versions for a time; a pick without a version means the one that is newest now.

    Raises:
        Invalid: a time that is past or too far ahead, or picks that cannot be released (all are named).
        Conflict: everything picked is live already, or the head is not `expected_head`.
        Denied: access refuses, or the token used expires before the time.
        TooLarge: too many schedules wait already.
        NotFound: there is no such environment.
    """
    check_paths([pick.path for pick in picks])
    request = Request(actor, project, environment, "publish", reason, ticket, expected_head, once)
    publication = Publication(project, picks)
    return _schedule(deps, request, when, publication.plan, publication.prepare)


def schedule_promotion(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    selection: Selection,
    when: When,
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Added:
    """Keep a promotion for a time. What is live in the source now is pinned: what was looked at is what goes live.

    Raises:
        As `schedule_publish` and `promote`.
    """
    request = Request(actor, project, environment, "publish", reason, ticket, expected_head, once)
    return _schedule(deps, request, when, Promotion(project, selection, reason).plan, None)


def _schedule(
    deps: ReleaseDeps,
    request: Request,
    when: When,
    plan: Planner,
    prepare: Preparation | None,
) -> Added:
    actor, project = request.actor, request.project
    reason, ticket = check_reason(request.reason), check_ticket(request.ticket)
    check_time(when.at, now_us())
    check_access(deps, request, prepare)
    once = request.once or Once(None, "")
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        environment = environments.get(tx.conn, project.id, request.environment)

        def work() -> tuple[int, dict[str, Any]]:
            deps.actor_now(
                tx.conn,
                actor.subject,
                auth_method=actor.auth_method,
                session=actor.session,
                at=when.at,
            )
            check_head(environment, request.expected_head)
            _check_room(tx, environment)
            planned = plan(tx.conn, environment)
            if len(planned.changes) > MAX_CHANGES:
                raise TooLarge(f"A release changes at most {MAX_CHANGES:,} prompts.")
            rule = may_change(deps, request, environment, planned).rule
            made = _made(request, environment, when, planned, reason, ticket, tx.now)
            store.add(tx.conn, made)
            _record(tx, request, made, rule)
            unmet = unmet_of(deps, tx.conn, request, environment, planned, at=when.at)
            return 202, {"id": made.id, "unmet": [[u.rule, u.detail, u.remedy] for u in unmet]}

        _, body = run_once(tx, actor, once.key, once.fingerprint, work)
        found = store.get(tx.conn, body["id"], project_id=project.id)
    return Added(found, tuple(Unmet(*said) for said in body["unmet"]))


def _check_room(tx: Transaction, environment: Environment) -> None:
    if store.count_open(tx.conn, environment.id) >= MAX_OPEN:
        raise TooLarge(
            f"{MAX_OPEN} releases wait for their time in {environment.name} already.",
            remedy="Cancel some, or put several prompts into one release.",
        )


def _made(
    request: Request,
    environment: Environment,
    when: When,
    plan: Plan,
    reason: str,
    ticket: str | None,
    now: int,
) -> Schedule:
    live = [
        ScheduledPrompt(change.path, change.version) for change in plan.changes if change.content
    ]
    removed = [
        ScheduledPrompt(change.path, change.version, "removed")
        for change in plan.changes
        if not change.content
    ]
    promoted = plan.promoted
    # A version that was named and is live already is pinned too, since it may be replaced before the time comes. What a
    # promotion finds the same is not: a schedule must not undo what is published by hand meanwhile.
    same = () if promoted else plan.unchanged
    kept = [ScheduledPrompt(pick.path, pick.version or 0) for pick in same]
    prompts = tuple(sorted((*live, *removed, *kept), key=lambda prompt: prompt.path))
    return Schedule(
        id=new_id(),
        project_id=request.project.id,
        environment_id=environment.id,
        environment=environment.name,
        at=when.at,
        state="scheduled",
        prompts=prompts,
        count=len(prompts),
        reason=reason,
        ticket=ticket,
        actor=request.actor.name,
        subject=request.actor.subject,
        auth_method=request.actor.auth_method,
        session=request.actor.session,
        head=environment.head,
        only_if_head=when.only_if_head,
        promoted_from=promoted.environment if promoted else None,
        promoted_release=promoted.release if promoted else None,
        created_at=now,
        release=None,
        problem=None,
        ended_at=None,
        ended_by=None,
    )


def _record(tx: Transaction, request: Request, made: Schedule, rule: str) -> None:
    after: dict[str, Any] = {
        "at": to_text(made.at),
        "prompts": {p.path: None if p.state == "removed" else p.version for p in made.prompts},
        "only_if_head": made.head if made.only_if_head else None,
    }
    if made.promoted_from is not None:
        after["promoted_from"] = {
            "environment": made.promoted_from,
            "release": made.promoted_release,
        }
    record(
        tx,
        AuditEvent(
            action="schedule.create",
            object=AuditObject("schedule", made.id),
            actor=request.actor,
            project=request.project.name,
            environment=made.environment,
            after=after,
            reason=made.reason,
            ticket=made.ticket,
            rule=rule,
        ),
        project_id=made.project_id,
    )
