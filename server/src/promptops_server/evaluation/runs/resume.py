"""Resume a run that ended before every call had its answer: only what is missing is called."""

from __future__ import annotations

from promptops_server.audit import AuditEvent, record
from promptops_server.evaluation.runs import store
from promptops_server.evaluation.runs.keeping_limits import check_limits_can_be_kept
from promptops_server.evaluation.runs.model import Progress, Run
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.evaluation.runs.start import begin, run_object
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project, require_readable


def resume_run(
    deps: RunDeps, actor: Actor, project_name: str, number: int, *, max_cost: int | None = None
) -> Run:
    """Carry on: calls that wait, and those that ended without an answer. What was answered is not paid again.

    Args:
        max_cost: a new limit for the whole run, what it cost so far included; None keeps the one it has.

    Raises:
        Conflict: it is not over, or nothing is missing.
        Invalid: the limit is below what the run has cost already, or cannot be kept as a price is unknown.
        Denied: the actor may not test this prompt.
        NotFound: there is no such run.
    """
    require_readable(deps.authorise, actor, project_name)
    if max_cost is not None:
        _check_limit_can_be_kept(deps, actor, project_name, number)
    with deps.db.write() as tx:
        project = get_project(tx.conn, project_name)
        lock_project(tx.conn, project.id)
        found = store.get(tx.conn, project.id, number)
        where = Resource(project_name, path=found.path)
        rule = require(deps.authorise, actor, "test:run", where).rule
        if not found.over:
            raise Conflict(
                f"Run {number} is {found.state}: there is nothing to resume yet.",
                slug="run-not-over",
                current=found.state,
            )
        if max_cost is not None and max_cost < found.cost:
            raise Invalid(
                f"Run {number} has cost more than this limit already.",
                remedy="The limit counts the whole run; give a higher one.",
                slug="below-cost",
            )
        store.wait_again(tx.conn, found.id)
        tallies = store.tallies(tx.conn, found)
        missing = found.calls - sum(tally.ended for tally in tallies.values())
        if not missing:
            raise Conflict(
                f"Run {number} has an answer to every call: nothing is missing.",
                remedy="Start a new run; stored answers are used again unless it is `fresh`.",
                slug="nothing-missing",
            )
        limit = found.max_cost if max_cost is None else max_cost
        store.change(
            tx.conn,
            found.id,
            state="waiting",
            problem=None,
            cancel_asked=False,
            attempt=found.attempt + 1,
            max_cost=limit,
            progress=Progress(tallies),
            ended_at=None,
        )
        begin(tx, deps, found.id, found.attempt + 1)
        record(
            tx,
            AuditEvent(
                action="run.resume",
                object=run_object(project_name, found),
                actor=actor,
                project=project_name,
                before={"state": found.state, "problem": found.problem},
                after={"missing": missing, "max_cost": limit},
                rule=rule,
            ),
            project_id=project.id,
        )
        return store.get(tx.conn, project.id, number)


def _check_limit_can_be_kept(deps: RunDeps, actor: Actor, project_name: str, number: int) -> None:
    with deps.db.read() as conn:
        project = get_project(conn, project_name)
        found = store.get(conn, project.id, number)
        require(deps.authorise, actor, "test:run", Resource(project_name, path=found.path))
        contents = store.contents(conn, found.id)
        now = deps.targets.current(conn, [target.id for target in found.targets])
        targets = [now.get(target.id, target) for target in found.targets]
        check_limits_can_be_kept(deps, conn, project.name, contents, targets, capped=True)
