"""The beginning and the end of an attempt as rows: claiming the run, ending it, handing it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promptops_server.audit import AuditEvent, record
from promptops_server.evaluation.runs import store
from promptops_server.evaluation.runs.model import Contents, PlannedCall, Progress, Run
from promptops_server.evaluation.runs.ports import EngineDeps
from promptops_server.evaluation.runs.start import TOPIC, run_object
from promptops_server.infra import outbox
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.project_lock import lock_project
from promptops_server.providers.model import Target
from promptops_server.registry.projects import get_project_by_id


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run this process carries out, with what that needs. `now` are its targets as configured now."""

    run: Run
    contents: Contents
    calls: tuple[PlannedCall, ...]
    now: Mapping[str, Target]
    project: str


def claim(deps: EngineDeps, run_id: str, attempt: int) -> Claimed | None:
    """Begin an attempt; None when it is over, or not the newest.

    What an attempt that was killed had set aside of budgets counts as spent: its calls may have been charged.
    """
    with deps.db.write() as tx:
        found = store.by_id(tx.conn, run_id)
        if found is None or found.over or found.attempt != attempt:
            return None
        deps.budgets.settle_left(tx, run_id)
        progress = Progress(store.tallies(tx.conn, found))
        store.change(
            tx.conn,
            run_id,
            state="running",
            reserved=0,
            started_at=found.started_at or tx.now,
            progress=progress,
        )
        run = store.by_id(tx.conn, run_id)
        assert run is not None
        ids = [target.id for target in run.targets]
        return Claimed(
            run,
            store.contents(tx.conn, run_id),
            tuple(store.waiting(tx.conn, run_id)),
            deps.targets.current(tx.conn, ids),
            get_project_by_id(tx.conn, run.project_id).name,
        )


def end(deps: EngineDeps, claimed: Claimed, state: str, problem: str | None) -> bool:
    """End the attempt in one last transaction; False when another attempt has the run."""
    run = claimed.run
    with deps.db.write() as tx:
        lock_project(tx.conn, run.project_id)
        found = store.by_id(tx.conn, run.id)
        if found is None or found.over or found.attempt != run.attempt:
            return False
        store.change(
            tx.conn,
            run.id,
            state=state,
            problem=None if problem is None else problem[:2_000],
            reserved=0,
            ended_at=tx.now,
        )
        ended = store.by_id(tx.conn, run.id)
        assert ended is not None
        deps.on_ended(tx.conn, ended)
        tallies = ended.progress.tallies
        record(
            tx,
            AuditEvent(
                action="run.end",
                object=run_object(claimed.project, ended),
                actor=SYSTEM,
                on_behalf_of=ended.created_by,
                outcome="failed" if state == "failed" else "ok",
                project=claimed.project,
                after={
                    "state": state,
                    "problem": ended.problem,
                    "cost": ended.cost,
                    "unpriced": sum(tally.unpriced for tally in tallies.values()),
                    "targets": {
                        target.name: {
                            "passed": tallies[target.id].passed,
                            "failed": tallies[target.id].failed,
                            "errors": tallies[target.id].errors,
                            "skipped": tallies[target.id].skipped,
                        }
                        for target in ended.targets
                    },
                },
            ),
            project_id=run.project_id,
        )
    return True


def hand_back(deps: EngineDeps, claimed: Claimed) -> None:
    """This process ends: another one, or this one started again, carries on at once."""
    run = claimed.run
    with deps.db.write() as tx:
        found = store.by_id(tx.conn, run.id)
        if found is None or found.over or found.attempt != run.attempt:
            return
        attempt = run.attempt + 1
        store.change(tx.conn, run.id, state="waiting", attempt=attempt, reserved=0)
        payload = {"run": run.id, "attempt": attempt}
        outbox.add(tx.conn, TOPIC, run.id, payload, tx.now, announce=True)
