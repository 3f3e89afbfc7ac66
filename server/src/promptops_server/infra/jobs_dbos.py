"""The jobs port on DBOS: in an SQLite file of its own, or in a schema of its own on PostgreSQL.

Owns the library's quirks: its process-wide singleton, its journal mode, its polling, and the private call that hands
a dead worker's jobs to a living one. Who is dead is told by `WorkerPulse`, a heartbeat row per worker in our own database.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import Engine

from promptops_server.infra.cursor import Page
from promptops_server.infra.jobs import JobFunction, JobRow, JobState, JobStats
from promptops_server.infra.jobs_listed import AGAIN, one, page
from promptops_server.infra.problems import Conflict, NotFound
from promptops_server.infra.set_back import SetBack
from promptops_server.infra.worker_pulse import WorkerPulse

log = structlog.get_logger(__name__)

# Jobs of all releases of this product find each other under this version. A job whose steps change gets a new name
# instead; a version computed from the source would strand every job that is under way during an upgrade.
APPLICATION_VERSION = "1"
SCHEMA = "promptops_jobs"
QUEUE = "promptops"

MAX_ATTEMPTS = 6
"""A job that raises is repeated after 1, 4, 9, 16 and 25 seconds; then it counts as failed."""
WAIT_SECONDS = 30.0
"""Until a job is repeated that a database that was set back refused: as often as it takes a person to decide."""


class DbosJobs:
    """One per process (the library keeps one global instance).

    Args:
        url: ``sqlite:///file`` or ``postgresql+psycopg://…``.
        worker_id: this worker's stable name; its unfinished jobs continue at `launch`.
        poll_seconds: how often waiting jobs are looked for.
        threads: jobs run at the same time.
        keep_seconds: how long finished jobs are kept.
        pulse: the heartbeat, where several workers share a database; ``None`` for the embedded one.
    """

    def __init__(
        self,
        url: str,
        *,
        worker_id: str,
        poll_seconds: float = 1.0,
        threads: int = 4,
        keep_seconds: float = 7 * 86_400,
        pulse: WorkerPulse | None = None,
    ) -> None:
        self._url = url
        self._worker_id = worker_id
        self._poll_seconds = poll_seconds
        self._threads = threads
        self._keep_seconds = keep_seconds
        self._pulse = pulse
        self._functions: dict[str, JobFunction] = {}
        self._workflows: dict[str, Callable[..., None]] = {}
        self._schedules: dict[str, float] = {}
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def register(self, name: str, function: JobFunction) -> None:
        if name in self._functions:
            raise ValueError(f"a job named {name!r} is registered already")
        self._functions[name] = function

    def schedule(self, name: str, every_seconds: float) -> None:
        if name not in self._functions:
            raise KeyError(name)
        self._schedules[name] = every_seconds

    def start(
        self, name: str, job_id: str, payload: dict[str, Any], *, at_once: bool = False
    ) -> None:
        if at_once:
            with SetWorkflowID(job_id):
                DBOS.start_workflow(self._workflows[name], job_id, json.dumps(payload), 1)
            return
        self._enqueue(name, job_id, payload, attempt=1, delay=None)

    def step(self, name: str, call: Callable[[], Any]) -> Any:
        return DBOS.run_step({"name": name}, call)

    def launch(self) -> None:
        if self._url.startswith("sqlite"):
            _set_wal(Path(self._url.removeprefix("sqlite:///")))
        if self._pulse is not None:
            self._pulse.beat()
        config: DBOSConfig = {
            "name": "promptops",
            "system_database_url": self._url,
            "dbos_system_schema": SCHEMA,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._worker_id,
            "serializer": DBOSPortableJSONSerializer(),
            "sys_db_pool_size": self._threads + 4,
            # Nothing here waits for DBOS's own notifications or schedules. Its listener asks the database nothing while
            # nobody waits, but it sleeps between two looks, and `close` waits for it.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.5,
            "scheduler_polling_interval_sec": 3600.0,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        _own_no_console_handler()
        for name, function in self._functions.items():
            self._workflows[name] = DBOS.workflow(name=name)(self._body(name, function))
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._threads,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )
        self._ticker = threading.Thread(target=self._tick, name="jobs-ticker", daemon=True)
        self._ticker.start()

    def close(self) -> None:
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join(timeout=5)
        DBOS.destroy(destroy_registry=True)

    def stats(self) -> JobStats:
        def count(*status: str) -> int:
            return len(
                DBOS.list_workflows(
                    status=list(status), load_input=False, load_output=False, limit=10_000
                )
            )

        return JobStats(
            waiting=count("ENQUEUED", "DELAYED"),
            running=count("PENDING"),
            failed=count("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
        )

    def page(
        self, *, state: JobState | None, kind: str | None, limit: int, cursor: str | None
    ) -> Page[JobRow]:
        return page(state=state, kind=kind, limit=limit, cursor=cursor)

    def retry(self, job_id: str) -> JobRow:
        found = one(job_id)
        if found is None or found.row.kind not in self._workflows:
            raise NotFound(
                f"There is no job {job_id[:100]!r} that can be tried again.",
                remedy="`GET /api/v1/system/jobs?state=failed` lists them.",
            )
        if found.row.state != "failed":
            raise Conflict(
                f"Job {job_id[:100]} has not failed: it is {found.row.state}.",
                remedy="Only failed jobs are tried again.",
                slug="job-not-failed",
            )
        # The last attempt: one before it would repeat under ids that exist already. Asked twice, the id is the same.
        with SetWorkflowID(f"{job_id}{AGAIN}"):
            DBOS.enqueue_workflow(
                QUEUE, self._workflows[found.row.kind], found.job_id, found.payload, MAX_ATTEMPTS
            )
        DBOS.delete_workflows([job_id])
        return found.row

    def _enqueue(
        self, name: str, job_id: str, payload: dict[str, Any], *, attempt: int, delay: float | None
    ) -> None:
        workflow = self._workflows[name]
        unique = job_id if attempt == 1 else f"{job_id}~{attempt}"
        with SetWorkflowID(unique), SetEnqueueOptions(delay_seconds=delay):
            DBOS.enqueue_workflow(QUEUE, workflow, job_id, json.dumps(payload), attempt)

    def _body(self, name: str, function: JobFunction) -> Callable[[str, str, int], None]:
        def run(job_id: str, payload: str, attempt: int) -> None:
            with structlog.contextvars.bound_contextvars(job=name, job_id=job_id):
                try:
                    function(json.loads(payload))
                except SetBack as problem:
                    log.warning("job_waits", attempt=attempt, reason=problem.detail)
                    if name in self._schedules:
                        return  # its next time comes anyway
                    self._enqueue(
                        name, job_id, json.loads(payload), attempt=attempt + 1, delay=WAIT_SECONDS
                    )
                except Exception:
                    if attempt >= MAX_ATTEMPTS or self._stop.is_set():
                        log.exception("job_failed", attempt=attempt)
                        raise
                    log.warning("job_repeats", attempt=attempt, exc_info=True)
                    # A repetition is a job of its own: within one, recorded steps must replay as they were.
                    self._enqueue(
                        name,
                        job_id,
                        json.loads(payload),
                        attempt=attempt + 1,
                        delay=float(attempt**2),
                    )

        run.__qualname__ = run.__name__ = name
        return run

    def _tick(self) -> None:
        """Start what is due, beat the heart, take over from the dead, drop what is old."""
        due = dict.fromkeys(self._schedules, 0.0)
        next_beat = next_clean = 0.0
        while True:
            now = time.monotonic()
            try:
                for name, every in self._schedules.items():
                    if now >= due[name]:
                        due[name] = now + every
                        # The id is the same in every worker, so that one of them starts it.
                        self.start(name, f"{name}@{int(time.time() // every)}", {})
                if self._pulse is not None and now >= next_beat:
                    next_beat = now + self._pulse.interval
                    self._pulse.beat()
                    for dead in self._pulse.bury_dead():
                        log.warning("worker_taken_over", worker=dead)
                        _recover(dead)
                if now >= next_clean:
                    next_clean = now + 3600
                    self._forget_finished()
            except Exception:
                if not self._stop.is_set():
                    log.exception("jobs_tick_failed")
            waits = [t - time.monotonic() for t in (*due.values(), next_clean)]
            if self._pulse is not None:
                waits.append(next_beat - time.monotonic())
            if self._stop.wait(min(60.0, max(0.01, min(waits)))):
                return

    def _forget_finished(self) -> None:
        before = datetime.now(UTC) - timedelta(seconds=self._keep_seconds)
        while not self._stop.is_set():
            old = DBOS.list_workflows(
                status=["SUCCESS"],
                completed_before=before.isoformat(),
                load_input=False,
                load_output=False,
                limit=500,
            )
            if not old:
                return
            DBOS.delete_workflows([workflow.workflow_id for workflow in old])


def _recover(dead_worker: str) -> None:
    # Private in DBOS 3.4 (its public way is a proprietary service); pinned to that line in pyproject.toml.
    DBOS._recover_pending_workflows([dead_worker])


def make_jobs_schema(engine: Engine) -> None:
    """On PostgreSQL: make the tables of jobs, empty, where there are none; else bring them up to date."""
    from dbos._migration import ensure_dbos_schema, run_dbos_migrations

    logging.getLogger("dbos").setLevel(logging.WARNING)
    ensure_dbos_schema(engine, SCHEMA)
    run_dbos_migrations(engine, SCHEMA, use_listen_notify=False)


def _set_wal(path: Path) -> None:
    # DBOS leaves the file in rollback-journal mode, which doubles the cost of every step.
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _own_no_console_handler() -> None:
    # DBOS writes to the console itself; its records go the way of all others instead.
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
