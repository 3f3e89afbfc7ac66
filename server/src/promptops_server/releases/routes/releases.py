"""`…/environments/{e}/releases` and what changes an environment: publish, rollback, suspend, unpublish."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from promptops_server.approvals.model import Emergency
from promptops_server.infra import cursor as pages
from promptops_server.infra.http import ActorDep, Cursor, IdempotencyKey, Limit
from promptops_server.infra.problems import Invalid
from promptops_server.releases import environments, history, stop
from promptops_server.releases.model import Outcome, Pick
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.publish import preview_publish, publish
from promptops_server.releases.rollback import preview_rollback, rollback
from promptops_server.releases.routes.deps import (
    ENVIRONMENT,
    HeadDep,
    Number,
    find_project,
    made,
    once_of,
    time_of,
)
from promptops_server.releases.routes.schedule import ScheduleAdded, added
from promptops_server.releases.schedule.add import When, schedule_publish
from promptops_server.releases.wire import (
    PreviewOut,
    PublishIn,
    ReleaseMade,
    ReleaseOut,
    ReleasePage,
    RollbackIn,
    StopIn,
    preview_out,
    release_out,
)


def add_routes(api: APIRouter, deps: ReleaseDeps) -> None:
    """Releases, and every way to make one but promotion."""

    @api.get(ENVIRONMENT + "/releases", summary="Releases, newest first")
    def list_releases(
        actor: ActorDep,
        project: str,
        environment: str,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> ReleasePage:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            page = history.list_releases(conn, place, limit=limit, after=cursor)
        return ReleasePage(items=[release_out(item, None) for item in page.items], next=page.next)

    @api.get(ENVIRONMENT + "/releases/{number}", summary="One release")
    def show_release(actor: ActorDep, project: str, environment: str, number: Number) -> ReleaseOut:
        found = find_project(deps, actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            release = history.sealed_release(conn, place, number)
        return release_out(release, deps.projection(place.id))

    @api.post(
        ENVIRONMENT + "/releases",
        status_code=201,
        summary="Publish one or many prompts, in one release",
        response_model=None,
        responses={
            200: {"model": PreviewOut, "description": "The answer to a dry run"},
            201: {"model": ReleaseMade, "description": "The release made"},
            202: {"model": ScheduleAdded, "description": "It waits for its time"},
        },
    )
    def publish_prompts(
        actor: ActorDep,
        project: str,
        environment: str,
        body: PublishIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> ReleaseMade | PreviewOut | ScheduleAdded:
        found = find_project(deps, actor, project)
        picks = [Pick(item.path, item.version) for item in body.prompts]
        at = time_of(body.at, body.only_if_head)
        emergency = None if body.emergency is None else Emergency(body.emergency.incident)
        if emergency is not None and at is not None:
            raise Invalid(
                "An emergency is published now, not at a time.",
                remedy="Leave `at` out, or schedule it without `emergency`.",
                slug="emergency-at-a-time",
            )
        if body.dry_run:
            response.status_code = 200
            preview = preview_publish(
                deps,
                actor,
                found,
                environment,
                picks,
                ticket=body.ticket,
                expected_head=head,
                at=at,
                emergency=emergency,
            )
            return preview_out(environment, preview)
        if at is not None:
            waiting = schedule_publish(
                deps,
                actor,
                found,
                environment,
                picks,
                When(at, body.only_if_head),
                body.reason,
                ticket=body.ticket,
                expected_head=head,
                once=once_of(request, body, key),
            )
            return added(request, response, waiting)
        outcome = publish(
            deps,
            actor,
            found,
            environment,
            picks,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=once_of(request, body, key),
            emergency=emergency,
        )
        return made(request, response, outcome)

    @api.post(
        ENVIRONMENT + "/rollback",
        status_code=201,
        summary="Put earlier content back: one prompt, or the whole environment",
        responses={200: {"model": PreviewOut, "description": "The answer to a dry run"}},
    )
    def roll_back(
        actor: ActorDep,
        project: str,
        environment: str,
        body: RollbackIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> ReleaseMade | PreviewOut:
        found = find_project(deps, actor, project)
        if body.dry_run:
            response.status_code = 200
            return preview_out(
                environment,
                preview_rollback(
                    deps,
                    actor,
                    found,
                    environment,
                    path=body.path,
                    to_version=body.to_version,
                    to_release=body.to_release,
                    expected_head=head,
                ),
            )
        outcome = rollback(
            deps,
            actor,
            found,
            environment,
            body.reason,
            path=body.path,
            to_version=body.to_version,
            to_release=body.to_release,
            ticket=body.ticket,
            expected_head=head,
            once=once_of(request, body, key),
        )
        return made(request, response, outcome)

    _add_stop(
        api,
        deps,
        "suspend",
        stop.suspend,
        "Stop prompts with a signed tombstone that no fallback gets past",
    )
    _add_stop(api, deps, "unpublish", stop.unpublish, "Take prompts out of the environment")


def _add_stop(
    api: APIRouter,
    deps: ReleaseDeps,
    verb: str,
    use_case: Callable[..., Outcome],
    summary: str,
) -> None:
    @api.post(f"{ENVIRONMENT}/{verb}", status_code=201, summary=summary, name=f"{verb}_prompts")
    def stop_prompts(
        actor: ActorDep,
        project: str,
        environment: str,
        body: StopIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> ReleaseMade:
        outcome = use_case(
            deps,
            actor,
            find_project(deps, actor, project),
            environment,
            body.prompts,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=once_of(request, body, key),
        )
        return made(request, response, outcome)
