"""Start a run: plan it, write it down with all its calls, and have its job begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.evaluation.runs import packing, store
from promptops_server.evaluation.runs.keeping_limits import check_limits_can_be_kept
from promptops_server.evaluation.runs.model import Contents, Progress, Run, Tally
from promptops_server.evaluation.runs.plan import Estimate
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.evaluation.runs.prepare import (
    Prepared,
    Wanted,
    estimate,
    prepare_run,
)
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project, require_readable

TOPIC = "test-run"


def start_run(
    deps: RunDeps,
    actor: Actor,
    project_name: str,
    wanted: Wanted,
    *,
    keep: Callable[[Transaction, Run], None] | None = None,
) -> Run:
    """Make a run; it begins at once. `keep` is called last in the transaction.

    Raises:
        Denied: the actor may not test this prompt.
        NotFound, Invalid, CannotRender, TooLarge: as `prepare_run`.
    """
    prepared, rule = _prepared(deps, actor, project_name, wanted)
    contents = Contents(prepared.artifact, prepared.suites)
    with deps.db.write() as tx:
        lock_project(tx.conn, prepared.project.id)
        made = _run(tx, actor, prepared, wanted)
        store.add(tx.conn, made, contents, prepared.calls, deps.catalogue_digest)
        begin(tx, deps, made.id, made.attempt)
        record(
            tx,
            AuditEvent(
                action="run.start",
                object=run_object(prepared.project.name, made),
                actor=actor,
                project=prepared.project.name,
                after=_told(made),
                rule=rule,
            ),
            project_id=prepared.project.id,
        )
        if keep is not None:
            keep(tx, made)
    return made


def estimate_run(
    deps: RunDeps, actor: Actor, project_name: str, wanted: Wanted
) -> tuple[Prepared, Estimate]:
    """What the run would be, without making it. Raises as `start_run`."""
    prepared, _ = _prepared(deps, actor, project_name, wanted)
    return prepared, estimate(deps, prepared, wanted)


def begin(tx: Transaction, deps: RunDeps, run_id: str, attempt: int) -> None:
    """Have the job of this attempt begun after the commit."""
    payload = {"run": run_id, "attempt": attempt}
    outbox.add(tx.conn, TOPIC, run_id, payload, tx.now)
    tx.after_commit(deps.wake)


def run_object(project: str, found: Run) -> AuditObject:
    """A run as the audit log names it."""
    return AuditObject("run", f"{project}/runs/{found.number}", hash=found.behaviour)


def _prepared(
    deps: RunDeps, actor: Actor, project_name: str, wanted: Wanted
) -> tuple[Prepared, str]:
    require_readable(deps.authorise, actor, project_name)
    rule = require(deps.authorise, actor, "test:run", Resource(project_name, path=wanted.path)).rule
    with deps.db.read() as conn:
        project = get_project(conn, project_name)
        prepared = prepare_run(conn, deps, project, wanted)
        check_limits_can_be_kept(
            *(deps, conn, project.name, Contents(prepared.artifact, prepared.suites)),
            prepared.targets,
            capped=wanted.max_cost is not None,
        )
        return prepared, rule


def _run(tx: Transaction, actor: Actor, prepared: Prepared, wanted: Wanted) -> Run:
    tallies = {target.id: Tally() for target in prepared.targets}
    for call in prepared.calls:
        tallies[call.target_id].calls += 1
    return Run(
        id=new_id(),
        project_id=prepared.project.id,
        number=store.next_number(tx.conn, prepared.project.id),
        path=prepared.path,
        version=prepared.version,
        behaviour=prepared.behaviour,
        suites=tuple(
            {"name": s.name, "digest": s.digest, "blob": s.blob, "cases": len(s.cases)}
            for s in prepared.suites
        ),
        suites_key=packing.suites_key(prepared.suites),
        suites_digest=packing.suites_digest(prepared.suites),
        targets=prepared.targets,
        repeat=wanted.repeat,
        max_cost=wanted.max_cost,
        fresh=wanted.fresh,
        state="waiting",
        problem=None,
        cancel_asked=False,
        attempt=1,
        calls=len(prepared.calls),
        cost=0,
        reserved=0,
        progress=Progress(tallies),
        created_at=tx.now,
        created_by=actor.subject,
        started_at=None,
        ended_at=None,
    )


def _told(made: Run) -> dict[str, Any]:
    return {
        "path": made.path,
        "version": made.version,
        "behaviour": made.behaviour,
        "targets": [target.name for target in made.targets],
        "suites": {suite["name"]: suite["digest"] for suite in made.suites},
        "repeat": made.repeat,
        "calls": made.calls,
        "max_cost": made.max_cost,
        "fresh": made.fresh,
    }
