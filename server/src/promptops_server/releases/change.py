"""How an environment changes: lock, head, gate, commit, seal, and the projection after commit.

The frame that publish, rollback, suspend, unpublish and a pushed commit share. What changes is theirs to decide (a
`Plan`), asked inside the lock. Leaves writing to `seal` and the Git side to `branch`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from promptops_server.infra.authorise import (
    Decision,
    require_paths,
    require_somewhere,
)
from promptops_server.infra.database import Transaction
from promptops_server.infra.idempotency import run_once
from promptops_server.infra.problems import ProblemError, TooLarge
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable
from promptops_server.releases import branch, environments, history
from promptops_server.releases.emergency.invoke import check_invocation, note_invocation
from promptops_server.releases.judge import judge, refuse_unmet
from promptops_server.releases.model import (
    MAX_CHANGES,
    Delivery,
    Environment,
    Kept,
    Once,
    Outcome,
    Pick,
    Promoted,
    Release,
    check_reason,
    check_ticket,
)
from promptops_server.releases.plan import (
    Plan,
    Planner,
    Preparation,
    Request,
    origin_of,
    place_of,
    trailers_of,
)
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import current_rows
from promptops_server.releases.seal import head_moved, seal


def change_environment(
    deps: ReleaseDeps, request: Request, plan: Planner, *, prepare: Preparation | None = None
) -> Outcome:
    """Make one release, in one transaction, and bring it to Redis.

    `prepare` is called before the lock, for heavy work on a snapshot; `plan` inside it, with the environment as it is
    then.

    Raises:
        Denied: access or the gate refuses; `unmet` lists every condition.
        Conflict: the head is not `expected_head`.
        Invalid, NotFound: what `plan` finds, or a reason that is none.
    """
    project = request.project
    reason, ticket = check_reason(request.reason), check_ticket(request.ticket)
    check_access(deps, request, prepare)
    once = request.once or Once(None, "")
    delivered: list[Delivery] = []
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        environment = environments.get(tx.conn, project.id, request.environment)

        made: list[Release] = []

        def work() -> tuple[int, dict[str, Any]]:
            check_head(environment, request.expected_head)
            if request.claim is not None:
                request.claim(tx, environment.head + 1)
            planned = plan(tx.conn, environment)
            release = release_plan(
                deps, tx, request, environment, planned, reason=reason, ticket=ticket
            )
            made.append(release)
            return 201, _remember(release, planned)

        _, body = run_once(tx, request.actor, once.key, once.fingerprint, work)
        release = made[0] if made else history.one_release(tx.conn, environment, body["release"])
        tx.after_commit(lambda: delivered.append(deps.projection(environment.id)))
    return Outcome(
        release=release,
        delivery=delivered[0] if delivered else "pending",
        unchanged=tuple(Pick(path, version) for path, version in body["unchanged"]),
        kept=tuple(Kept(*item) for item in body["kept"]),
        promoted=_promoted(body.get("promoted")),
    )


def check_access(deps: ReleaseDeps, request: Request, prepare: Preparation | None = None) -> None:
    """Ask `access` before any work is done, then do the work that needs no lock.

    What the change touches is not known yet: that the actor may do it there, `may_change` asks.

    Raises:
        Denied: no.
        NotFound: there is no such environment, or the project is not to be seen.
    """
    require_readable(deps.authorise, request.actor, request.project.name)
    with deps.db.read() as conn:
        environment = environments.get(conn, request.project.id, request.environment)
        check_invocation(request, environment)
        require_somewhere(
            deps.authorise, request.actor, request.action, place_of(request, environment)
        )
        if prepare is not None:
            try:
                prepare(conn, environment)
            except ProblemError:
                # A repeated request gets its first answer even if it would be refused by now; the plan, asked inside
                # the lock after that answer is looked up, refuses everything else again.
                if request.once is None or not request.once.key:
                    raise


def may_change(
    deps: ReleaseDeps, request: Request, environment: Environment, plan: Plan
) -> Decision:
    """The decision over every path the plan touches.

    Raises:
        Denied: not all of it; `paths` names the first few.
    """
    return require_paths(
        deps.authorise,
        request.actor,
        request.action,
        place_of(request, environment),
        [change.path for change in plan.changes],
    )


def check_head(environment: Environment, expected: int | None) -> None:
    """Refuse a change that was based on another release than the newest one.

    Raises:
        Conflict: with the head there is now.
    """
    if expected is not None and expected != environment.head:
        raise head_moved(environment.name, environment.head)


def release_plan(
    deps: ReleaseDeps,
    tx: Transaction,
    request: Request,
    environment: Environment,
    plan: Plan,
    *,
    reason: str,
    ticket: str | None,
    commit: str | None = None,
) -> Release:
    """Ask access and the gate, commit (unless the commit exists already, pushed), and seal. The project lock is held.

    Raises:
        Denied: access or the gate refuses.
        TooLarge: more changes than one release may hold.
    """
    if len(plan.changes) > MAX_CHANGES:
        raise TooLarge(
            f"The release would change {len(plan.changes):,} prompts; {MAX_CHANGES:,} is the limit.",
            remedy="Release them in several steps.",
        )
    rule = may_change(deps, request, environment, plan).rule
    verdict = judge(deps, tx.conn, request, environment, plan, now=tx.now)
    refuse_unmet(verdict, request.kind)
    before = current_rows(tx.conn, environment.id, [change.path for change in plan.changes])
    if commit is None:
        commit = branch.commit_changes(
            tx,
            environment,
            plan.changes,
            before,
            actor=request.actor,
            kind=request.kind,
            reason=reason,
            ticket=ticket,
            trailers=trailers_of(request, plan),
        )
    if environment.approval_required:
        deps.papers.released(
            tx,
            request.project,
            (environment.id, environment.name),
            [(c.path, c.version) for c in plan.changes if c.state == "live"],
            [c.path for c in plan.changes if c.state != "live"],
        )
    note_invocation(deps, tx, request, environment, plan, reason)
    return seal(
        tx,
        deps.sign,
        project=request.project.name,
        environment=environment,
        kind=request.kind,
        changes=plan.changes,
        artifacts=plan.artifacts,
        actor=request.actor,
        reason=reason,
        ticket=ticket,
        commit=commit,
        rule=rule,
        before=before,
        origin=origin_of(request, plan),
        tier=verdict.tier,
    )


def _remember(release: Release, plan: Plan) -> dict[str, Any]:
    """What a repeated request needs in order to get the same answer."""
    return {
        "release": release.number,
        "unchanged": [[pick.path, pick.version] for pick in plan.unchanged],
        "kept": [[kept.path, kept.version, kept.why] for kept in plan.kept],
        "promoted": plan.promoted and asdict(plan.promoted),
    }


def _promoted(body: dict[str, Any] | None) -> Promoted | None:
    if body is None:
        return None
    return Promoted(
        body["environment"],
        body["release"],
        tuple(Kept(**item) for item in body["left_out"]),
        tuple(Pick(**item) for item in body["only_here"]),
    )
