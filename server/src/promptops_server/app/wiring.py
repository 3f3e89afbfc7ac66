"""From settings to running services: builds every part once, fills the ports, starts and stops in order.

`Services` knows no HTTP server and no command line: `up` runs them in one process, `worker` without HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from promptops_server.access.authenticate import Authenticator
from promptops_server.access.identity import identities_of
from promptops_server.access.own_policies.watch import PolicyWatch
from promptops_server.access.policy import Policies
from promptops_server.access.sign_in.browser import Site
from promptops_server.access.sign_in.routes import SignInDeps
from promptops_server.access.sign_in.totp import SEALED_FOR as TOTP_SEALED_FOR
from promptops_server.access.signing import SigningDeps, verify_signer
from promptops_server.access.standing import actor_now
from promptops_server.app import health
from promptops_server.app.audit_logs import all_logs, kept_from
from promptops_server.app.audit_outputs import outputs_of
from promptops_server.app.data_dir import redis_password_of, secret_of
from promptops_server.app.identity_provider import identity_provider
from promptops_server.app.jobs import (
    AT_ONCE,
    LATEST_ONLY,
    AuditUpkeep,
    TestRunJobs,
    register_jobs,
)
from promptops_server.app.model_parts import ModelParts
from promptops_server.app.model_targets import checks_of, targets_of
from promptops_server.app.play_parts import CallerOfLoop, problem_of
from promptops_server.app.plugins import check_plugins
from promptops_server.app.redis_address import address_of
from promptops_server.app.refusals import DenialLog
from promptops_server.app.run_parts import engine_deps
from promptops_server.app.seldom import Seldom
from promptops_server.app.sign_in_failures import SignInFailures
from promptops_server.app.warm import warm
from promptops_server.approvals.certification.model import Cadence
from promptops_server.approvals.certification.read import overdue_for
from promptops_server.approvals.certification.renew import renew_request
from promptops_server.approvals.continuity import ContinuityDeps
from promptops_server.approvals.exceptions.read import waivers_for
from promptops_server.approvals.gate import gate
from promptops_server.approvals.retirement.read import retired_reasons
from promptops_server.approvals.workflow.demands import Tightening
from promptops_server.approvals.workflow.papers import Around, PaperReader
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.audit.checkpoints import CheckpointDeps, make_due
from promptops_server.audit.erasures import carry_out
from promptops_server.audit.holds import require_no_hold
from promptops_server.audit.live import Live
from promptops_server.audit.outputs.sending import Sender
from promptops_server.audit.retention import remove_old
from promptops_server.audit.tail import Tail
from promptops_server.delivery.assembly import Delivery
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.ports import authorised_by
from promptops_server.delivery.receipts.metrics import Followers
from promptops_server.evaluation.matrix.cells import write_cells
from promptops_server.evaluation.matrix.facts import matrix_facts
from promptops_server.evaluation.matrix.keep_readings import KeptReadings
from promptops_server.evaluation.matrix.ports import Around as MatrixAround
from promptops_server.evaluation.matrix.suites_now import SuitesAtHead
from promptops_server.evaluation.runs.forget import forget_old_texts
from promptops_server.evaluation.runs.model import Run
from promptops_server.evaluation.runs.redact import TestedTexts
from promptops_server.evaluation.runs.running import Running
from promptops_server.evaluation.suites.find import suites_of
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.dispatcher import Dispatcher
from promptops_server.infra.jobs_dbos import DbosJobs
from promptops_server.infra.metrics import Asked, register
from promptops_server.infra.outbox import OutboxRow
from promptops_server.infra.problems import Denied, ProblemError
from promptops_server.infra.redis_process import RedisProcess, RedisProcessError, find_binary
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.settings import Settings, SettingsError
from promptops_server.infra.worker_pulse import WorkerPulse
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.errors import CatalogueError
from promptops_server.registry.mirror.credentials import SEALED_FOR
from promptops_server.registry.mirror.jobs import push_job
from promptops_server.registry.mirror.push import PushDeps
from promptops_server.registry.mirror.remote import Limits as MirrorLimits
from promptops_server.registry.mirror.retries import MirrorRetries
from promptops_server.registry.projects import get_project_by_id
from promptops_server.registry.redaction.deps import SEALED_FOR as SEALED_FOR_REDACTION
from promptops_server.registry.redaction.deps import RedactionDeps
from promptops_server.registry.redaction.upkeep import look_after
from promptops_server.registry.rendering.limited import LimitedRenderer
from promptops_server.registry.rendering.limits import RenderLimits
from promptops_server.releases.emergency.timer import EmergencyTimer
from promptops_server.releases.environments import create_defaults
from promptops_server.releases.live import LiveVersions
from promptops_server.releases.places import LivePlaces
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.redact import ReleasedContent
from promptops_server.releases.schedule.timer import ScheduleTimer

log = structlog.get_logger(__name__)


class Services:
    """All parts of one process, on a database that is migrated and holds its installation row.

    Args:
        database: opened by the caller, closed by `stop`.
        worker_id: this process's stable name among the workers of its database.
    """

    def __init__(self, settings: Settings, database: Database, worker_id: str) -> None:
        check_plugins()
        self.settings = settings
        self.database = database
        self.redis_process = _embedded_redis(settings)
        self.maintenance = _maintenance(settings, database)
        self.denials = DenialLog(database, settings.limits.denials_per_minute)
        self._refused_before = Seldom(600.0)
        site = Site(settings.server.public_url)
        self.authenticator = Authenticator(
            database, settings.access, site, SignInFailures(database)
        )
        self.policies = Policies(operator_tokens_decide=settings.operator_tokens_decide)
        self.policy_watch = PolicyWatch(database, self.policies)
        for written in (database, self.maintenance):
            written.policy_version = lambda: self.policies.version
        self.tail = Tail(database)
        self.live = Live(database)
        self.audit_sender = Sender(database, outputs_of(settings.audit), all_logs)
        secret = secret_of(settings, create=True)
        self.oidc = identity_provider(settings, database, secret, site, self.authenticator.forget)
        self.sign_in = SignInDeps(
            database,
            Sealer(secret, TOTP_SEALED_FOR),
            settings.access,
            site,
            self.authenticator.forget,
            sso=self.oidc is not None,
        )
        self.verify_signer = partial(
            verify_signer,
            deps=SigningDeps(database, self.sign_in.sealer, settings.access),
        )
        """Checks the components of a signature; for whoever records what is signed."""
        self.delivery = Delivery(
            database,
            Keys(database, secret),
            authorised_by(self.authenticator.by_token, self.policies, self._refused_delivery),
            _redis_address(settings, self.redis_process),
        )

        def sign(statement_text: str, as_of_text: str) -> tuple[str, str]:
            return self.delivery.keys.sign(statement_text, as_of_text)

        self.more = _tightening(settings)
        self.cadence = _cadence(settings)
        self.catalogue = _catalogue(settings)
        self.targets = targets_of(
            settings, database, self.policies, secret, self.catalogue.of_target
        )
        self.models = ModelParts(settings, self.targets, self.catalogue)
        self.target_checks = checks_of(
            settings, self.targets, adapt=self.models.adapt, prices=self.models
        )
        self.readings = KeptReadings(database)
        self.matrix_around = MatrixAround(
            suites=SuitesAtHead(suites_of, self.readings),
            catalogue=self.models.digest,
            problem=partial(problem_of, self.models),
            family=self.models.family,
        )
        self.caller = CallerOfLoop(self.models.calls)
        self.releases = ReleaseDeps(
            db=database,
            authorise=self.policies,
            sign=sign,
            projection=self.delivery.project,
            gate=gate,
            actor_now=actor_now,
            papers=PaperReader(self.more, AROUND, self.cadence),
            matrix=partial(matrix_facts, around=self.matrix_around),
        )
        self.continuity = ContinuityDeps(
            db=database,
            authorise=self.policies,
            papers=self.releases.papers,
            places=LivePlaces(),
            identities=identities_of,
            check_signer=self.verify_signer,
            operator_tokens_decide=settings.operator_tokens_decide,
            renewed=renew_request,
        )
        self.on_project_created = (create_defaults(sign),)
        self.limited_renderer = LimitedRenderer(_render_limits(settings))
        self.running = Running(
            engine_deps(settings, database, self.models, self.limited_renderer, self._cells)
        )
        """Test runs under way in this process."""
        self.mirrors = PushDeps(
            database,
            Sealer(secret, SEALED_FOR),
            MirrorLimits.of(settings.mirror),
            settings.mirror.retry_first_seconds,
            settings.mirror.retry_longest_seconds,
        )
        self.mirror_retries = MirrorRetries(database, settings.jobs.poll_seconds)
        self.redactions = RedactionDeps(
            database,
            self.policies,
            Sealer(secret, SEALED_FOR_REDACTION),
            released=ReleasedContent(),
            tested=TestedTexts(),
            served=self.delivery.forget_redacted,
            hold=require_no_hold,
        )
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
                look_after_redactions=lambda: look_after(self.redactions),
                cadence=self.cadence,
                audit_upkeep=AuditUpkeep(
                    erase=lambda: carry_out(self.maintenance),
                    remove_old=self._remove_old_events,
                    send=self.audit_sender.run,
                    send_seconds=settings.audit.output_seconds,
                ),
                test_runs=TestRunJobs(
                    self.running.run_job,
                    lambda: forget_old_texts(database, settings.test_runs.keep_days),
                ),
            ),
            at_once=AT_ONCE,
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
        self.emergencies = EmergencyTimer(self.releases)
        self.started = now_us()
        """When this process began, in microseconds."""
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Start everything that works in the background, Redis first.

        Raises:
            Unavailable: the database is down, so that the access policies are not known.
            RedisProcessError: the embedded Redis does not start.
            KeyUnreadable: the signing key was sealed with another secret.
        """
        self._undo.append(self.policy_watch.close)
        self.policy_watch.start()
        if self.redis_process is not None:
            self._undo.append(self.redis_process.stop)
            self.redis_process.start()
        self._undo.append(self.delivery.close)
        self.delivery.start()
        self._undo.append(self.jobs.close)
        self.jobs.launch()
        self._undo.append(self.running.close)
        self._undo.append(self.dispatcher.close)
        self.dispatcher.start()
        self._undo.append(self.mirror_retries.close)
        self.mirror_retries.start()
        self._undo.append(self.schedule.close)
        self.schedule.start()
        self._undo.append(self.emergencies.close)
        self.emergencies.start()
        self._undo.append(self.readings.close)
        self.readings.start()
        about = (self.database, self.matrix_around)
        threading.Thread(target=warm, args=about, name="warm", daemon=True).start()
        self._undo.append(register(Asked(lambda: health.gauges(self.database, self.jobs))))
        self._undo.append(register(Followers(self.database)))
        self._undo.append(self.limited_renderer.close)  # it starts when first asked

    def stop(self) -> None:
        """Stop what was started, last first; one part's failure does not keep the others running."""
        while self._undo:
            undo = self._undo.pop()
            try:
                undo()
            except Exception:
                log.exception("stop_failed", part=getattr(undo, "__qualname__", repr(undo)))
        if self.maintenance is not self.database:
            self.maintenance.close()
        self.database.close()

    def end_streams(self) -> None:
        """End every open stream, so that a server that stops need not wait for them. Any thread."""
        self.tail.close()
        self.live.close()
        self.delivery.end_streams()
        self.caller.close()

    @property
    def workflow(self) -> WorkflowDeps:
        """What reviews and decisions stand on."""
        return WorkflowDeps(
            self.database,
            self.policies,
            LiveVersions(),
            self.verify_signer,
            self.more,
            self.dispatcher.wake,
        )

    def _cells(self, conn: Connection, run: Run) -> None:
        write_cells(conn, run.id, self.models.digest)
        if run.version is not None:  # so that the matrix need not read the suites first
            project = get_project_by_id(conn, run.project_id)
            self.matrix_around.suites(conn, project, [(run.path, run.version)])

    def _make_checkpoints(self) -> None:
        audit = self.settings.audit
        with self.database.read() as conn:
            logs = all_logs(conn)
        make_due(
            self.checkpoints, logs, events=audit.checkpoint_events, minutes=audit.checkpoint_minutes
        )

    def _remove_old_events(self) -> None:
        years = self.settings.audit.keep_years
        if years is None:
            return
        with self.database.read() as conn:
            logs = all_logs(conn)
        remove_old(self.maintenance, logs, years, kept_from)

    def _refused_delivery(self, actor: Actor, project: str, denied: Denied) -> None:
        # Applications ask again every few seconds; one event in ten minutes says as much.
        if not self._refused_before.is_new((actor.subject, project)):
            return
        try:
            self.denials.in_project(actor, project, "delivery.read", denied)
        except ProblemError:
            log.exception("denial_not_audited", actor=actor.name)

    def _is_projected(self, row: OutboxRow) -> bool:
        return self.delivery.projected(row.key, row.payload["epoch"], row.payload["release"])


def _tightening(settings: Settings) -> Tightening:
    asked = settings.approvals
    return Tightening(
        asked.lapse_days,
        {"low": asked.low_reviews, "medium": asked.medium_reviews, "high": asked.high_reviews},
        {
            "low": asked.low_approvals,
            "medium": asked.medium_approvals,
            "high": asked.high_approvals,
        },
        asked.signatures_from,
    )


AROUND = Around(waivers_for, overdue_for, retired_reasons)


def _maintenance(settings: Settings, database: Database) -> Database:
    url = settings.database.maintenance_url
    return database if url is None else Database(url, pool_size=2)


def _render_limits(settings: Settings) -> RenderLimits:
    limits = settings.limits
    return RenderLimits(
        seconds=limits.render_seconds,
        memory_mb=limits.render_memory_mb,
        output_bytes=limits.render_output_bytes,
        processes=limits.render_processes,
    )


def _cadence(settings: Settings) -> Cadence:
    months = settings.certification
    return Cadence(
        low=months.low_months,
        medium=months.medium_months,
        high=months.high_months,
        warn_days=months.warn_days,
    )


def _catalogue(settings: Settings) -> Catalogue:
    """The catalogue of models. A file of the installation that cannot be used stops the start."""
    made = Catalogue(settings.models.catalogue)
    try:
        made.check()
    except CatalogueError as error:
        raise SettingsError(f"Setting models.catalogue is not usable. {error}") from None
    return made


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
