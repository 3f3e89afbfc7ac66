"""From settings to running services: builds every part once, fills the ports, starts and stops in order.

`Services` knows no HTTP server and no command line: `up` runs them in one process, `worker` without HTTP.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection

from promptops_server.access.authenticate import Authenticator
from promptops_server.access.policy import authorise
from promptops_server.access.routes import AccessDeps
from promptops_server.access.routes import router as access_router
from promptops_server.access.standing import actor_now
from promptops_server.access.users import get_user
from promptops_server.app import health
from promptops_server.app.audit_logs import all_logs
from promptops_server.app.data_dir import redis_password_of, secret_of
from promptops_server.app.edge import App
from promptops_server.app.http import HttpParts, create_app
from promptops_server.app.jobs import LATEST_ONLY, register_jobs
from promptops_server.app.redis_address import address_of
from promptops_server.app.refusals import DenialLog
from promptops_server.approvals.gate import gate
from promptops_server.audit.checkpoints import CheckpointDeps, make_due
from promptops_server.audit.evidence_routes import EvidenceDeps
from promptops_server.audit.evidence_routes import router as evidence_router
from promptops_server.audit.routes import AuditDeps
from promptops_server.audit.routes import router as audit_router
from promptops_server.compliance.export_pack import PackDeps
from promptops_server.compliance.pack import Signing, Sources
from promptops_server.compliance.routes import router as pack_router
from promptops_server.delivery.assembly import Delivery
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.ports import authorised_by
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.dispatcher import Dispatcher
from promptops_server.infra.jobs_dbos import DbosJobs
from promptops_server.infra.metrics import Asked, register
from promptops_server.infra.outbox import OutboxRow
from promptops_server.infra.redis_process import RedisProcess, RedisProcessError, find_binary
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.settings import Settings
from promptops_server.infra.worker_pulse import WorkerPulse
from promptops_server.registry.git.smart_http import GitDeps
from promptops_server.registry.git.smart_http import router as git_router
from promptops_server.registry.git_access import GitAccess
from promptops_server.registry.mirror.credentials import SEALED_FOR
from promptops_server.registry.mirror.jobs import push_job
from promptops_server.registry.mirror.push import PushDeps
from promptops_server.registry.mirror.remote import Limits as MirrorLimits
from promptops_server.registry.mirror.retries import MirrorRetries
from promptops_server.registry.mirror.routes import MirrorDeps
from promptops_server.registry.mirror.routes import router as mirror_router
from promptops_server.registry.projects import get_project
from promptops_server.registry.pushed import PushedToMain
from promptops_server.registry.rendering.limited import LimitedRenderer
from promptops_server.registry.rendering.limits import RenderLimits
from promptops_server.registry.routes import RegistryDeps
from promptops_server.registry.routes import router as registry_router
from promptops_server.registry.working_copies.routes import WorkingCopyDeps
from promptops_server.registry.working_copies.routes import router as working_copies_router
from promptops_server.releases.environments import create_defaults
from promptops_server.releases.guard import EnvironmentGuard
from promptops_server.releases.live import LiveVersions
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.routes import router as releases_router
from promptops_server.releases.schedule.timer import ScheduleTimer

log = structlog.get_logger(__name__)


class Services:
    """All parts of one process, on a database that is migrated and holds its installation row.

    Args:
        database: opened by the caller, closed by `stop`.
        worker_id: this process's stable name among the workers of its database.
    """

    def __init__(self, settings: Settings, database: Database, worker_id: str) -> None:
        self.settings = settings
        self.database = database
        self.redis_process = _embedded_redis(settings)
        self.authenticator = Authenticator(database)
        secret = secret_of(settings, create=True)
        self.delivery = Delivery(
            database,
            Keys(database, secret),
            authorised_by(self.authenticator.by_token, authorise),
            _redis_address(settings, self.redis_process),
        )

        def sign(statement_text: str, as_of_text: str) -> tuple[str, str]:
            return self.delivery.keys.sign(statement_text, as_of_text)

        self.releases = ReleaseDeps(
            db=database,
            authorise=authorise,
            sign=sign,
            projection=self.delivery.project,
            gate=gate,
            actor_now=actor_now,
        )
        self.on_project_created = (create_defaults(sign),)
        self.limited_renderer = LimitedRenderer(_render_limits(settings))
        self.mirrors = PushDeps(
            database,
            Sealer(secret, SEALED_FOR),
            MirrorLimits.of(settings.mirror),
            settings.mirror.retry_first_seconds,
            settings.mirror.retry_longest_seconds,
        )
        self.mirror_retries = MirrorRetries(database, settings.jobs.poll_seconds)
        self.checkpoints = CheckpointDeps(
            database, self.delivery.keys.sign_checkpoint, settings.checkpoint_file
        )
        self.jobs = DbosJobs(
            _jobs_url(settings, database),
            worker_id=worker_id,
            poll_seconds=settings.jobs.poll_seconds,
            threads=settings.jobs.threads,
            keep_seconds=settings.jobs.keep_days * 86_400,
            pulse=None
            if settings.is_sqlite
            else WorkerPulse(database, worker_id, settings.jobs.dead_after_seconds),
        )
        self.dispatcher = Dispatcher(
            database,
            self.jobs,
            register_jobs(
                self.jobs,
                database,
                self.delivery.project,
                working_copies_keep_days=settings.working_copies.keep_days,
                push_mirror=push_job(self.mirrors, settings.mirror.pushes),
                make_checkpoints=self._make_checkpoints,
            ),
            done={"release": self._is_projected},
            latest_only=LATEST_ONLY,
            poll_seconds=settings.jobs.poll_seconds,
            keep_seconds=settings.jobs.keep_days * 86_400,
        )
        self.schedule = ScheduleTimer(
            self.releases,
            poll_seconds=settings.jobs.poll_seconds,
            late_minutes=settings.jobs.late_minutes,
        )
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Start everything that works in the background, Redis first.

        Raises:
            RedisProcessError: the embedded Redis does not start.
            KeyUnreadable: the signing key was sealed with another secret.
        """
        if self.redis_process is not None:
            self._undo.append(self.redis_process.stop)
            self.redis_process.start()
        self._undo.append(self.delivery.close)
        self.delivery.start()
        self._undo.append(self.jobs.close)
        self.jobs.launch()
        self._undo.append(self.dispatcher.close)
        self.dispatcher.start()
        self._undo.append(self.mirror_retries.close)
        self.mirror_retries.start()
        self._undo.append(self.schedule.close)
        self.schedule.start()
        self._undo.append(register(Asked(lambda: health.gauges(self.database, self.jobs))))
        self._undo.append(self.limited_renderer.close)  # it starts when first asked

    def stop(self) -> None:
        """Stop what was started, last first; one part's failure does not keep the others running."""
        while self._undo:
            undo = self._undo.pop()
            try:
                undo()
            except Exception:
                log.exception("stop_failed", part=getattr(undo, "__qualname__", repr(undo)))
        self.database.close()

    def http_app(self) -> App:
        """The HTTP application over these services."""
        db = self.database
        denials = DenialLog(db, self.settings.limits.denials_per_minute)
        return create_app(
            HttpParts(
                authenticate=self.authenticator,
                denials=denials,
                limits=self.settings.limits,
                api=(
                    access_router(AccessDeps(db, authorise, self.authenticator.forget)),
                    registry_router(
                        RegistryDeps(
                            db,
                            authorise,
                            LiveVersions(),
                            self.on_project_created,
                            self.limited_renderer,
                        )
                    ),
                    working_copies_router(
                        WorkingCopyDeps(db, authorise, self.settings.working_copies.keep_days)
                    ),
                    mirror_router(
                        MirrorDeps(db, authorise, self.mirrors.sealer, self.mirrors.limits)
                    ),
                    releases_router(self.releases),
                    audit_router(AuditDeps(db, authorise, _project_id, _user_id)),
                    evidence_router(
                        EvidenceDeps(
                            self.checkpoints, authorise, _project_id, self.delivery.keys.document
                        )
                    ),
                    pack_router(self._packs()),
                ),
                root=(
                    health.router(health.checks(db, self.delivery)),
                    git_router(self._git(denials)),
                ),
                delivery=self.delivery.app,
            )
        )

    def _packs(self) -> PackDeps:
        keys = self.delivery.keys
        return PackDeps(
            self.database,
            authorise,
            self.checkpoints,
            Signing(keys.sign, keys.sign_evidence, keys.document),
            Sources(LiveVersions()),
        )

    def _make_checkpoints(self) -> None:
        audit = self.settings.audit
        with self.database.read() as conn:
            logs = all_logs(conn)
        make_due(
            self.checkpoints, logs, events=audit.checkpoint_events, minutes=audit.checkpoint_minutes
        )

    def _git(self, denials: DenialLog) -> GitDeps:
        def authenticate(
            user: str, password: str, *, ip: str | None, request_id: str | None
        ) -> Actor:
            actor = self.authenticator.by_basic(user, password)
            return dataclasses.replace(actor, ip=ip, request_id=request_id)

        return GitDeps(
            db=self.database,
            authenticate=authenticate,
            access=GitAccess(self.database, authorise),
            guard=EnvironmentGuard(self.releases),
            versions=PushedToMain(),
            denied=denials.in_project,
        )

    def _is_projected(self, row: OutboxRow) -> bool:
        return self.delivery.projected(row.key, row.payload["epoch"], row.payload["release"])


def _render_limits(settings: Settings) -> RenderLimits:
    limits = settings.limits
    return RenderLimits(
        seconds=limits.render_seconds,
        memory_mb=limits.render_memory_mb,
        output_bytes=limits.render_output_bytes,
        processes=limits.render_processes,
    )


def _embedded_redis(settings: Settings) -> RedisProcess | None:
    if settings.redis.url is not None:
        return None
    if find_binary() is None:
        log.warning("no_embedded_redis", remedy="give redis.url; delivery over HTTP works without")
        return None
    try:
        return RedisProcess(
            settings.data_dir / "redis",
            tcp_port=settings.redis.port or None,
            password=redis_password_of(settings),
        )
    except RedisProcessError as error:
        log.warning("no_embedded_redis", reason=str(error))
        return None


def _redis_address(settings: Settings, process: RedisProcess | None) -> Any:
    if settings.redis.url is not None:
        return address_of(settings)
    return address_of(settings, process.url) if process is not None else None


def _jobs_url(settings: Settings, database: Database) -> str:
    if database.is_sqlite:
        return f"sqlite:///{settings.data_dir / 'jobs.sqlite'}"
    return database.url.render_as_string(hide_password=False)


def _project_id(conn: Connection, name: str) -> str:
    return get_project(conn, name).id


def _user_id(conn: Connection, name: str) -> str:
    return get_user(conn, name).id
