"""The HTTP application over the services of a process: every capability's routes with what they stand on."""

from __future__ import annotations

import dataclasses
from functools import partial

from sqlalchemy import Connection, select

from promptops_server.access.routes import AccessDeps
from promptops_server.access.routes import router as access_router
from promptops_server.access.routes.asking import AskingDeps
from promptops_server.access.routes.asking import router as asking_router
from promptops_server.access.routes.grants import GrantDeps
from promptops_server.access.routes.grants import router as grants_router
from promptops_server.access.routes.policies import PolicyDeps
from promptops_server.access.routes.policies import router as policies_router
from promptops_server.access.sign_in.routes import router as sign_in_router
from promptops_server.access.users import get_user, user_by_id
from promptops_server.app import health, install_pages
from promptops_server.app.console.routes import ConsoleDeps
from promptops_server.app.console.routes import router as console_router
from promptops_server.app.edge import App
from promptops_server.app.http import HttpParts, create_app
from promptops_server.app.play_parts import play_deps
from promptops_server.app.run_parts import StoredTargets, limits_of
from promptops_server.app.system.health import HealthParts
from promptops_server.app.system.routes import SystemDeps
from promptops_server.app.system.routes import router as system_router
from promptops_server.app.wiring import Services
from promptops_server.app.work_sources import work_sources
from promptops_server.approvals.certification.routes import router as certification_router
from promptops_server.approvals.exceptions.routes import router as exceptions_router
from promptops_server.approvals.retirement.read import retired_reasons
from promptops_server.approvals.retirement.routes import router as retirement_router
from promptops_server.approvals.workflow.dossier import dossier_of
from promptops_server.approvals.workflow.routes import router as workflow_router
from promptops_server.audit.erasures import carry_out
from promptops_server.audit.evidence_routes import EvidenceDeps
from promptops_server.audit.evidence_routes import router as evidence_router
from promptops_server.audit.hold_routes import HoldDeps
from promptops_server.audit.hold_routes import router as hold_router
from promptops_server.audit.live_routes import LiveDeps
from promptops_server.audit.live_routes import router as live_router
from promptops_server.audit.routes import AuditDeps
from promptops_server.audit.routes import router as audit_router
from promptops_server.compliance.continuity import continuity_of
from promptops_server.compliance.export_pack import PackDeps
from promptops_server.compliance.pack import Signing, Sources
from promptops_server.compliance.routes import router as pack_router
from promptops_server.delivery.receipts.routes import FollowerDeps
from promptops_server.delivery.receipts.routes import router as followers_router
from promptops_server.evaluation.matrix.ports import MatrixDeps
from promptops_server.evaluation.matrix.routes import router as matrix_router
from promptops_server.evaluation.playground.routes import router as playground_router
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.evaluation.runs.routes import router as runs_router
from promptops_server.evaluation.suites.find import suites_of
from promptops_server.evaluation.suites.routes import SuiteDeps
from promptops_server.evaluation.suites.routes import router as suites_router
from promptops_server.infra.actor import Actor
from promptops_server.providers.catalogue.routes import CatalogueDeps
from promptops_server.providers.catalogue.routes import router as catalogue_router
from promptops_server.providers.targets.routes import router as targets_router
from promptops_server.registry.git.smart_http import GitDeps
from promptops_server.registry.git.smart_http import router as git_router
from promptops_server.registry.git_access import GitAccess
from promptops_server.registry.mirror.routes import MirrorDeps
from promptops_server.registry.mirror.routes import router as mirror_router
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.pushed import PushedToMain
from promptops_server.registry.redaction.routes import router as redaction_router
from promptops_server.registry.rendering.models import RenderModels
from promptops_server.registry.routes import RegistryDeps
from promptops_server.registry.routes import router as registry_router
from promptops_server.registry.tables import project
from promptops_server.registry.working_copies.routes import WorkingCopyDeps
from promptops_server.registry.working_copies.routes import router as working_copies_router
from promptops_server.releases import environments
from promptops_server.releases.emergency.ratify import EmergencyDeps
from promptops_server.releases.emergency.routes import router as emergency_router
from promptops_server.releases.guard import EnvironmentGuard
from promptops_server.releases.live import LiveVersions
from promptops_server.releases.routes import router as releases_router
from promptops_server.releases.states import VersionStates


def http_app(services: Services) -> App:
    """The HTTP application over these services."""
    return create_app(http_parts(services))


def http_parts(services: Services) -> HttpParts:
    """What the HTTP application is made of."""
    db, authorise = services.database, services.policies
    workflow = services.workflow
    emergencies = EmergencyDeps(
        services.releases,
        operator_tokens_decide=services.continuity.operator_tokens_decide,
        check_signer=services.verify_signer,
        cadence=services.cadence,
    )
    sources = work_sources(
        workflow, services.continuity, services.cadence, emergencies, services.redactions
    )
    return HttpParts(
        authenticate=services.authenticator,
        denials=services.denials,
        limits=services.settings.limits,
        api=(
            access_router(
                AccessDeps(
                    db,
                    authorise,
                    services.authenticator.forget,
                    services.sign_in.local.prove,
                    services.settings.access.longest_token_days,
                    carry_out_erasures=lambda: carry_out(services.maintenance),
                )
            ),
            grants_router(GrantDeps(db, authorise, services.authenticator.forget)),
            asking_router(AskingDeps(db, authorise, _approval_required)),
            policies_router(
                PolicyDeps(db, authorise, services.policy_watch.reload, _approval_required)
            ),
            sign_in_router(services.sign_in),
            *([services.oidc.api] if services.oidc else []),
            registry_router(
                RegistryDeps(
                    db,
                    authorise,
                    LiveVersions(),
                    services.on_project_created,
                    services.limited_renderer,
                    VersionStates(services.more.lapse_days, retired_reasons),
                    models=RenderModels(
                        services.catalogue, StoredTargets().one, services.models.preview
                    ),
                )
            ),
            catalogue_router(CatalogueDeps(services.catalogue)),
            working_copies_router(
                WorkingCopyDeps(db, authorise, services.settings.working_copies.keep_days)
            ),
            mirror_router(
                MirrorDeps(db, authorise, services.mirrors.sealer, services.mirrors.limits)
            ),
            # Behind every router with fixed words under /models/.
            targets_router(services.targets, services.target_checks),
            workflow_router(workflow, sources),
            console_router(ConsoleDeps(workflow, sources)),
            redaction_router(services.redactions),
            releases_router(services.releases),
            followers_router(FollowerDeps(db, authorise, services.delivery.spreading)),
            emergency_router(emergencies),
            exceptions_router(services.continuity),
            certification_router(services.continuity, services.cadence),
            retirement_router(services.continuity),
            matrix_router(MatrixDeps(db, authorise, LiveVersions(), services.matrix_around)),
            audit_router(AuditDeps(db, authorise, _project_id, _user_id, services.tail)),
            live_router(
                LiveDeps(db, services.live, partial(require_readable, authorise), _project_id)
            ),
            hold_router(HoldDeps(db, authorise, _project_id, _project_name, _user_name)),
            evidence_router(
                EvidenceDeps(
                    services.checkpoints,
                    authorise,
                    _project_id,
                    services.delivery.keys.document,
                )
            ),
            pack_router(_packs(services)),
            suites_router(SuiteDeps(db, authorise)),
            runs_router(_runs(services)),
            playground_router(
                play_deps(
                    db,
                    authorise,
                    services.models,
                    services.caller,
                    services.limited_renderer,
                    services.settings.test_runs.call_seconds,
                )
            ),
            system_router(_system(services)),
        ),
        root=(
            health.router(health.checks(db, services.delivery)),
            install_pages.router(),
            git_router(_git(services)),
            *([services.oidc.root] if services.oidc else []),
        ),
        delivery=services.delivery.app,
        by_cookie=services.authenticator.by_cookie,
        database=db,
    )


def _system(services: Services) -> SystemDeps:
    parts = HealthParts(
        services.settings, services.database, services.delivery, services.jobs, services.started
    )
    return SystemDeps(parts, services.policies)


def _runs(services: Services) -> RunDeps:
    return RunDeps(
        db=services.database,
        authorise=services.policies,
        targets=StoredTargets(),
        suites=suites_of,
        prices=services.models,
        catalogue_digest=services.models.digest,
        limited=services.limited_renderer,
        wake=services.dispatcher.wake,
        watched=services.running,
        limits=limits_of(services.settings),
    )


def _packs(services: Services) -> PackDeps:
    keys = services.delivery.keys
    return PackDeps(
        services.database,
        services.policies,
        services.checkpoints,
        Signing(keys.sign, keys.sign_evidence, keys.document),
        Sources(LiveVersions(), dossier_of, continuity_of),
    )


def _git(services: Services) -> GitDeps:
    def authenticate(user: str, password: str, *, ip: str | None, request_id: str | None) -> Actor:
        actor = services.authenticator.by_basic(user, password, ip)
        return dataclasses.replace(actor, ip=ip, request_id=request_id)

    return GitDeps(
        db=services.database,
        authenticate=authenticate,
        access=GitAccess(services.database, services.policies),
        guard=EnvironmentGuard(services.releases),
        versions=PushedToMain(services.policies),
        denied=services.denials.in_project,
    )


def _project_id(conn: Connection, name: str) -> str:
    return get_project(conn, name).id


def _approval_required(conn: Connection, project: str, environment: str) -> bool:
    return environments.get(conn, get_project(conn, project).id, environment).approval_required


def _user_id(conn: Connection, name: str) -> str:
    return get_user(conn, name).id


def _project_name(conn: Connection, project_id: str) -> str:
    return str(conn.execute(select(project.c.name).where(project.c.id == project_id)).scalar_one())


def _user_name(conn: Connection, user_id: str) -> str:
    found = user_by_id(conn, user_id)
    return found.name if found is not None else user_id
