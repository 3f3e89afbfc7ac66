"""`/system`: settings, health, jobs and keys of the installation, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops_server import __version__
from promptops_server.app.system import health as looked
from promptops_server.app.system import jobs as system_jobs
from promptops_server.app.system.keys import KeyList, NextKey, RevokedKey, list_keys
from promptops_server.delivery.revoke_key import revoke_key
from promptops_server.delivery.rotate_key import rotate_key
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.infra.jobs import JobRow, JobState
from promptops_server.infra.settings import Origin


@dataclass(frozen=True, slots=True)
class SystemDeps:
    """What the routes stand on."""

    parts: looked.HealthParts
    authorise: Authorise


class SettingOut(BaseModel):
    """One setting. Secrets are masked."""

    section: str = Field(description="empty for those that stand at the top of the file")
    name: str = Field(description="as in the file: `section.key`")
    value: str
    default: str
    source: Origin
    place: str = Field(description="the variable's name or the file's path; else empty")
    help: str


class SettingList(BaseModel):
    """Every setting, in the order of the sections."""

    items: list[SettingOut]
    config_file: str | None


class HealthLine(BaseModel):
    """One part and how it is."""

    part: str
    status: looked.Status
    words: str


class BehindOut(BaseModel):
    """An environment whose newest release Redis lacks."""

    project: str
    environment: str
    release: int
    in_redis: int | None = Field(description="null: nothing of it")


class WorkerOut(BaseModel):
    """A worker that shares the database."""

    id: str
    started_at: str
    seen_at: str
    alive: bool


class JobCounts(BaseModel):
    """Jobs by state."""

    waiting: int
    running: int
    failed: int


class OutboxOut(BaseModel):
    """Changes whose job was not started yet."""

    waiting: int
    oldest_seconds: float


class SystemHealth(BaseModel):
    """How the server that answers is doing, asked anew."""

    status: looked.Status = Field(description="the worst of the lines")
    at: str
    version: str
    python: str
    started_at: str
    uptime_seconds: float
    items: list[HealthLine]
    jobs: JobCounts | None = Field(description="null: the store of jobs does not answer")
    outbox: OutboxOut
    workers: list[WorkerOut] = Field(description="only where several may share a database")
    behind: list[BehindOut]


class JobOut(BaseModel):
    """A durable job. A repetition is a job of its own, with the next `attempt`."""

    id: str
    kind: str
    subject: str = Field(description="what it is about; empty for what is done every so often")
    state: JobState
    attempt: int
    error: str = Field(description="why it failed; empty otherwise")
    created_at: str
    started_at: str | None
    ended_at: str | None


class JobPage(BaseModel):
    """Jobs, the newest first. Finished ones are kept for `jobs.keep_days`."""

    items: list[JobOut]
    next: str | None


class JobRetried(BaseModel):
    """The failed job that is tried once more, in a new job."""

    id: str
    kind: str


def router(deps: SystemDeps) -> APIRouter:
    """The routes."""
    api = APIRouter(tags=["system"], responses=problem_responses(401, 403))
    parts = deps.parts

    def manage(actor: Actor) -> None:
        require(deps.authorise, actor, "system:manage", Resource())

    @api.get("/system/settings", summary="Every setting and where it comes from")
    def settings(actor: ActorDep) -> SettingList:
        manage(actor)
        found = parts.settings
        items = [
            SettingOut(
                section=one.section,
                name=one.name,
                value=one.value,
                default=one.default,
                source=one.origin,
                place=one.place,
                help=one.description,
            )
            for one in found.explain()
        ]
        file = found.config_file
        return SettingList(items=items, config_file=str(file) if file else None)

    @api.get("/system/health", summary="How every part is doing, in words")
    def health(actor: ActorDep) -> SystemHealth:
        manage(actor)
        return _health(looked.look(parts), parts.started)

    @api.get(
        "/system/jobs",
        summary="Background jobs, the newest first",
        responses=problem_responses(400),
    )
    def jobs(
        actor: ActorDep,
        state: JobState | None = None,
        kind: Annotated[str | None, Query(max_length=100, description="its name")] = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> JobPage:
        manage(actor)
        page = parts.jobs.page(state=state, kind=kind or None, limit=limit, cursor=cursor)
        with parts.db.read() as conn:
            subjects = system_jobs.subjects(conn, page.items)
        return JobPage(
            items=[_job(row, subjects.get(row.key, row.key)) for row in page.items], next=page.next
        )

    @api.post(
        "/system/jobs/{job_id}/retry",
        summary="Try a failed job once more",
        responses=problem_responses(404, 409),
    )
    def retry(actor: ActorDep, job_id: str) -> JobRetried:
        done = system_jobs.retry(parts.db, parts.jobs, actor, deps.authorise, job_id)
        return JobRetried(id=done.id, kind=done.kind)

    @api.get("/system/keys", summary="The keys that sign, without their secrets")
    def keys(actor: ActorDep) -> KeyList:
        manage(actor)
        return list_keys(parts.db)

    @api.post(
        "/system/keys",
        status_code=201,
        summary="Announce the next signing key",
        responses=problem_responses(409, 422),
    )
    def rotate(actor: ActorDep, body: NextKey) -> KeyList:
        rule = require(deps.authorise, actor, "system:manage", Resource()).rule
        rotate_key(
            parts.db, parts.delivery.keys, actor,
            hours=body.signs_after_hours, reason=body.reason, rule=rule,
        )  # fmt: skip
        return list_keys(parts.db)

    @api.post(
        "/system/keys/{key_id}/revoke",
        summary="Take a signing key back: nothing it signed counts any more",
        responses=problem_responses(404, 409, 422),
    )
    def revoke(actor: ActorDep, key_id: str, body: RevokedKey) -> KeyList:
        rule = require(deps.authorise, actor, "system:manage", Resource()).rule
        revoke_key(
            parts.db, parts.delivery.keys, actor, key_id[:100], reason=body.reason, rule=rule
        )
        return list_keys(parts.db)

    return api


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)


def _job(row: JobRow, subject: str) -> JobOut:
    return JobOut(
        id=row.id,
        kind=row.kind,
        subject=subject,
        state=row.state,
        attempt=row.attempt,
        error=row.error,
        created_at=to_text(row.created_at),
        started_at=_time(row.started_at),
        ended_at=_time(row.ended_at),
    )


def _health(facts: looked.HealthFacts, started: int) -> SystemHealth:
    now = now_us()
    stats = facts.jobs
    return SystemHealth(
        status=facts.status,
        at=to_text(now),
        version=__version__,
        python=looked.python_version(),
        started_at=to_text(started),
        uptime_seconds=round((now - started) / 1_000_000, 3),
        items=[HealthLine(part=i.part, status=i.status, words=i.words) for i in facts.lines],
        jobs=stats and JobCounts(waiting=stats.waiting, running=stats.running, failed=stats.failed),
        outbox=OutboxOut(waiting=facts.outbox_waiting, oldest_seconds=facts.oldest_waiting),
        workers=[
            WorkerOut(
                id=one.id,
                started_at=to_text(one.started_at),
                seen_at=to_text(one.seen_at),
                alive=one.alive,
            )
            for one in facts.workers
        ],
        behind=[
            BehindOut(
                project=lag.project,
                environment=lag.environment,
                release=lag.release,
                in_redis=lag.in_redis,
            )
            for lag in facts.behind
        ],
    )
