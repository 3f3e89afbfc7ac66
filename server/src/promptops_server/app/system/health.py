"""The health of a running server as lines people read: each a part, how it is, and a sentence.

Asks everything anew and changes nothing. What must be right for a start is `diagnosis`; what a load balancer asks is
`app.health`.
"""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select

from promptops_server import __version__
from promptops_server.app import diagnosis
from promptops_server.app.findings import Level
from promptops_server.delivery.assembly import Delivery
from promptops_server.delivery.survey import Lag
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.jobs import Jobs, JobStats
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.settings import Settings
from promptops_server.infra.tables import job_worker, outbox

Status = Literal["ok", "warning", "failed"]
_STATUS: dict[Level, Status] = {"ok": "ok", "advice": "warning", "failed": "failed"}
LATE_SECONDS = 60
"""An outbox row that waits longer than this is told."""
MOST_WORKERS = 100
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Line:
    """One part, how it is, and a sentence about it."""

    part: str
    status: Status
    words: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that shares the database. Times are microseconds since 1970."""

    id: str
    started_at: int
    seen_at: int
    alive: bool


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What was found: the lines, and the numbers behind them. `oldest_waiting` is in seconds."""

    lines: tuple[Line, ...]
    jobs: JobStats | None
    outbox_waiting: int
    oldest_waiting: float
    workers: tuple[Worker, ...]
    behind: tuple[Lag, ...]

    @property
    def status(self) -> Status:
        """The worst of the lines."""
        found = {line.status for line in self.lines}
        return "failed" if "failed" in found else "warning" if "warning" in found else "ok"


@dataclass(frozen=True, slots=True)
class HealthParts:
    """What is looked at. `started` is when the process began, in microseconds."""

    settings: Settings
    db: Database
    delivery: Delivery
    jobs: Jobs
    started: int


def look(parts: HealthParts) -> HealthFacts:
    """Ask every part.

    Raises:
        Unavailable: the database does not answer; nobody could have asked then.
    """
    now = now_us()
    waiting, oldest = _outbox(parts.db, now)
    workers = _workers(parts, now)
    stats = _stats(parts.jobs)
    behind = tuple(parts.delivery.lags())
    lines = [
        Line("version", "ok", f"PromptOps {__version__}, running for {_span(now - parts.started)}"),
        _database(parts.db),
        *_redis(parts, behind),
        _outbox_line(waiting, oldest),
        _jobs_line(stats),
        *([_workers_line(workers)] if workers else []),
        disk_line(*shutil.disk_usage(_existing(parts.settings.data_dir))[::2]),
        *_checked(parts),
    ]
    return HealthFacts(tuple(lines), stats, waiting, oldest, workers, behind)


def disk_line(total: int, free: int) -> Line:
    """What the space left means, in bytes."""
    words = f"{free / _GIB:.1f} GiB of {total / _GIB:.1f} GiB free in the data directory"
    if free < _GIB // 10:
        return Line("disk", "failed", f"{words}: writing stops soon. Make room.")
    if free < _GIB or free < total / 20:
        return Line("disk", "warning", f"{words}. Make room.")
    return Line("disk", "ok", words)


def _database(db: Database) -> Line:
    used, most = db.connections
    with db.read() as conn:
        if db.is_sqlite:
            version = conn.exec_driver_sql("SELECT sqlite_version()").scalar()
            kind, size = f"SQLite {version}", _file_size(str(db.url.database))
        else:
            kind = f"PostgreSQL {conn.exec_driver_sql('SHOW server_version').scalar()}"
            size = int(
                conn.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0
            )
    status: Status = "warning" if used >= most else "ok"
    return Line(
        "database",
        status,
        f"{kind}, {size / 1024**2:,.0f} MiB, {used} of {most} connections for reading in use",
    )


def _redis(parts: HealthParts, behind: tuple[Lag, ...]) -> list[Line]:
    seen = parts.delivery.health()
    lines: list[Line] = []
    if seen.redis == "none":
        words = "None: applications follow over HTTP."
        lines.append(Line("redis", "ok", words))
    elif seen.redis == "down":
        words = "Does not answer; releases are delivered over HTTP and reach it when it returns."
        lines.append(Line("redis", "failed", words))
    elif seen.redis == "unknown":
        lines.append(Line("redis", "warning", "Not asked yet: the server has just started."))
    elif parts.settings.redis.url is None:
        lines.append(Line("redis", "ok", "Embedded, answers"))
    if parts.settings.redis.url is not None and seen.redis == "connected":
        lines += [
            Line(found.check, _STATUS[found.level], found.text)
            for found in diagnosis.diagnose_redis(parts.settings)
        ]
    if seen.redis == "connected" and seen.ok:
        lines.append(
            Line("projection", "ok", "Redis holds the newest release of every environment")
        )
    for lag in behind:
        held = "nothing of it" if lag.in_redis is None else f"r{lag.in_redis}"
        words = f"{lag.project}@{lag.environment} is at r{lag.release}, Redis holds {held}."
        lines.append(Line("projection", "warning", words))
    lines += [Line("projection", "warning", words) for words in list(seen.altered.values())[:50]]
    if seen.behind > len(behind):
        words = f"Redis is behind in {seen.behind - len(behind):,} more environments."
        lines.append(Line("projection", "warning", words))
    lines += [
        Line("projection", "failed", f"{label} is not written to Redis: {reason}")
        for label, reason in sorted(seen.refused.items())[:50]
    ]
    return lines


def _outbox(db: Database, now: int) -> tuple[int, float]:
    with db.read() as conn:
        count, oldest = conn.execute(
            select(func.count(), func.min(outbox.c.created_at)).where(
                outbox.c.dispatched_at.is_(None)
            )
        ).one()
    return int(count), max(0.0, (now - int(oldest)) / 1_000_000) if oldest else 0.0


def _outbox_line(waiting: int, oldest: float) -> Line:
    if not waiting:
        return Line("outbox", "ok", "Nothing waits")
    words = f"{waiting:,} changes wait for their job, the oldest for {_span(int(oldest * 1e6))}"
    return Line("outbox", "warning" if oldest > LATE_SECONDS else "ok", words)


def _stats(jobs: Jobs) -> JobStats | None:
    try:
        return jobs.stats()
    except Exception:  # the library raises errors of several others
        return None


def _jobs_line(stats: JobStats | None) -> Line:
    if stats is None:
        return Line("jobs", "failed", "The store of jobs does not answer.")
    words = f"{stats.waiting:,} wait, {stats.running:,} run, {stats.failed:,} failed"
    if stats.failed:
        return Line("jobs", "warning", f"{words}. Look at the failed ones, and try them again.")
    return Line("jobs", "ok", words)


def _workers(parts: HealthParts, now: int) -> tuple[Worker, ...]:
    limit_us = int(parts.settings.jobs.dead_after_seconds * 1_000_000)
    with parts.db.read() as conn:
        rows: Any = conn.execute(
            select(job_worker.c.id, job_worker.c.started_at, job_worker.c.seen_at)
            .order_by(job_worker.c.seen_at.desc())
            .limit(MOST_WORKERS)
        )
        return tuple(
            Worker(r.id, r.started_at, r.seen_at, now - r.seen_at <= limit_us) for r in rows
        )


def _workers_line(workers: tuple[Worker, ...]) -> Line:
    silent = [worker for worker in workers if not worker.alive]
    if silent:
        last = _span(now_us() - silent[0].seen_at)
        return Line(
            "workers", "warning", f"{len(silent)} of {len(workers)} are silent, for {last}."
        )
    return Line("workers", "ok", f"{len(workers)} beat")


def _checked(parts: HealthParts) -> list[Line]:
    try:
        found = diagnosis.diagnose_running(parts.settings, parts.db)
    except ProblemError as problem:
        return [Line("checks", "failed", problem.detail)]
    return [Line(one.check, _STATUS[one.level], one.text) for one in found]


def _file_size(path: str) -> int:
    return sum(
        file.stat().st_size for ending in ("", "-wal") if (file := Path(path + ending)).exists()
    )


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else Path.cwd()


def _span(us: int) -> str:
    seconds = max(0, us // 1_000_000)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def python_version() -> str:
    """The interpreter's."""
    return platform.python_version()
