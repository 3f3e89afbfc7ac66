"""The clock of schedules: a thread in every server and worker that carries out what is due.

Any number of them may run on one database. A claim keeps them from doing the same work; that a schedule happens once is
ensured by its row, which changes in its release's transaction (`carry_out`). What came due while nothing ran is carried
out at the next start, unless it is too late by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, ProblemError, Unavailable, Unexpected
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.repeating import Repeating
from promptops_server.registry.projects import get_project_by_id
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.carry_out import carry_out
from promptops_server.releases.schedule.model import OPEN, Schedule, State, is_too_late

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
"""Tries after errors nobody foresaw. An absent database is tried again until it is too late."""
LEASE_US = 30 * 1_000_000
"""How long another worker's claim is respected; a dead worker's schedule runs that much later."""


class ScheduleTimer:
    """A thread of its own between `start` and `close`.

    Args:
        poll_seconds: how often to look; a schedule made by another process is noticed that late, and then runs in time.
        late_minutes: how late a schedule may still run.
        clock: the time in microseconds.
    """

    def __init__(
        self,
        deps: ReleaseDeps,
        *,
        poll_seconds: float = 1.0,
        late_minutes: float = 60.0,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._deps = deps
        self._poll_seconds = poll_seconds
        self._late_us = int(late_minutes * 60_000_000)
        self._clock = clock
        self._name = new_id()
        # An embedded database has one process: whoever else claimed something there is dead.
        self._lease_us = 0 if deps.db.is_sqlite else LEASE_US
        self._thread = Repeating("schedule", self._round, otherwise=poll_seconds)

    def start(self) -> None:
        """Begin; what came due while nothing ran goes first."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the release under way."""
        self._thread.close()

    def run_due(self) -> int:
        """Carry out what is due, one after the other; returns how many were tried.

        Raises:
            Unavailable: the database is down.
        """
        with self._deps.db.read() as conn:
            waiting = store.due(conn, self._name, self._clock(), self._lease_us)
        tried = 0
        for schedule_id, project_id in waiting:
            if self._thread.stopping:
                break
            try:
                tried += self._try(schedule_id, project_id)
            except Unavailable:
                raise
            except Exception:  # the next ones are not to wait for this one
                log.exception("schedule_not_tried", schedule=schedule_id)
        return tried

    def _try(self, schedule_id: str, project_id: str) -> bool:
        with self._deps.db.write() as tx:
            lock_project(tx.conn, project_id)
            attempt = store.claim(tx.conn, schedule_id, self._name, self._clock(), self._lease_us)
            if not attempt:
                return False
            project = get_project_by_id(tx.conn, project_id)
            found = store.get(tx.conn, schedule_id, project_id=project_id)
        with structlog.contextvars.bound_contextvars(schedule=schedule_id, project=project.name):
            now = self._clock()
            if is_too_late(found.at, now, self._late_us):
                self._end(project.name, found, "missed", _missed(found, now).document())
                return True
            try:
                with self._deps.db.read() as conn:
                    actor = self._deps.actor_now(
                        conn,
                        found.subject,
                        auth_method=found.auth_method,
                        session=found.session,
                    )
                made = carry_out(self._deps, actor, project, found, by_hand=False)
                log.info("schedule_done", release=made.release.number)
            except Unavailable as problem:
                log.warning("schedule_waits", reason=problem.detail)
            except ProblemError as problem:
                self._end(project.name, found, "failed", problem.document())
            except Exception:
                log.exception("schedule_failed", attempt=attempt)
                if attempt >= MAX_ATTEMPTS:
                    self._end(project.name, found, "failed", Unexpected().document())
        return True

    def _end(self, project: str, found: Schedule, state: State, problem: Mapping[str, Any]) -> None:
        """Note that it will not happen, unless it did or was cancelled meanwhile."""
        with self._deps.db.write() as tx:
            lock_project(tx.conn, found.project_id)
            if not store.end(tx.conn, found.id, state, tx.now, among=OPEN, problem=problem):
                return
            record(
                tx,
                AuditEvent(
                    action="schedule.miss" if state == "missed" else "schedule.fail",
                    object=AuditObject("schedule", found.id),
                    actor=SYSTEM,
                    outcome="failed",
                    project=project,
                    environment=found.environment,
                    before={"at": to_text(found.at), "by": found.actor},
                    after={"state": state, "problem": dict(problem)},
                    reason=found.reason,
                    ticket=found.ticket,
                    rule=problem.get("rule"),
                ),
                project_id=found.project_id,
            )
        log.warning(f"schedule_{state}", environment=found.environment, reason=problem["detail"])

    def _round(self) -> float:
        self.run_due()
        with self._deps.db.read() as conn:
            at = store.next_time(conn)
        if at is None:
            return self._poll_seconds
        return min(self._poll_seconds, max(0.0, (at - self._clock()) / 1_000_000))


def _missed(found: Schedule, now: int) -> Conflict:
    late = (now - found.at) // 60_000_000
    return Conflict(
        f"It was due at {to_text(found.at)}; no server could make it then, and {late:,} minutes later it is too late.",
        remedy="Run it by hand if it should still happen, or schedule it anew.",
        slug="schedule-missed",
    )
