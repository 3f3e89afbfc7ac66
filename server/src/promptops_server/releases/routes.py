"""`/projects/{p}/environments` and below: what is live, releases, and every way to change an environment."""

from __future__ import annotations

import json
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel

from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, if_match, problem_responses
from promptops_server.infra.idempotency import request_hash
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.releases import compare_routes, environments, history, live, stop
from promptops_server.releases.model import Once, Outcome, Pick
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.publish import preview_publish, publish
from promptops_server.releases.rollback import preview_rollback, rollback
from promptops_server.releases.wire import (
    AtOut,
    EnvironmentAt,
    EnvironmentIn,
    EnvironmentList,
    EnvironmentOut,
    PreviewOut,
    PublishIn,
    ReleaseMade,
    ReleaseOut,
    ReleasePage,
    RollbackIn,
    StopIn,
    environment_out,
    live_out,
    made_out,
    preview_out,
    release_out,
)

_TAG = re.compile(r"r([0-9]{1,15})")
_ENVIRONMENTS = "/projects/{project}/environments"
_ENVIRONMENT = _ENVIRONMENTS + "/{environment}"


def expected_head(request: Request) -> int | None:
    """The release number in `If-Match: "r41"`; None when the header is absent.

    Raises:
        BadRequest: another entity tag.
    """
    tag = if_match(request)
    if tag is None:
        return None
    match = _TAG.fullmatch(tag)
    if match is None:
        raise BadRequest(
            f"If-Match is {tag[:40]!r}, not the tag of a release.",
            remedy='Send the ETag of the environment, e.g. If-Match: "r41".',
            slug="bad-etag",
        )
    return int(match[1])


HeadDep = Annotated[int | None, Depends(expected_head)]
Limit = Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]


def router(deps: ReleaseDeps) -> APIRouter:
    """The routes of environments and releases."""
    api = APIRouter(tags=["releases"], responses=problem_responses(401, 403, 404, 409, 422))
    api.include_router(compare_routes.router(deps))

    def find(actor: Actor, name: str) -> Project:
        require_readable(deps.authorise, actor, name)
        with deps.db.read() as conn:
            return get_project(conn, name)

    @api.get(_ENVIRONMENTS, summary="List environments")
    def list_environments(actor: ActorDep, project: str) -> EnvironmentList:
        found = find(actor, project)
        with deps.db.read() as conn:
            items = environments.list_environments(conn, found.id)
        return EnvironmentList(items=[environment_out(found.name, item) for item in items])

    @api.post(_ENVIRONMENTS, status_code=201, summary="Add an environment")
    def create_environment(
        actor: ActorDep, project: str, body: EnvironmentIn, response: Response
    ) -> EnvironmentOut:
        found = find(actor, project)
        made = environments.create(
            deps, actor, found, body.name, approval_required=body.approval_required
        )
        response.headers["ETag"] = f'"{made.tag}"'
        return environment_out(found.name, made)

    @api.get(_ENVIRONMENT, summary="What is live, or was at a time")
    def show_environment(
        actor: ActorDep,
        project: str,
        environment: str,
        response: Response,
        at: Annotated[
            str | None, Query(description="a time (RFC 3339) or a release such as r41")
        ] = None,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> EnvironmentAt:
        found = find(actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            number = live.release_of(conn, place, at)
            moment = history.acknowledged_at(conn, place, number)
            page = live.live_page(conn, place, number, limit=limit, after=cursor)
        response.headers["ETag"] = f'"{place.tag}"'
        return EnvironmentAt(
            **environment_out(found.name, place).model_dump(),
            at=AtOut(release=number, acknowledged_at=to_text(moment)),
            items=[live_out(entry) for entry in page.items],
            next=page.next,
        )

    @api.get(_ENVIRONMENT + "/releases", summary="Releases, newest first")
    def list_releases(
        actor: ActorDep,
        project: str,
        environment: str,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> ReleasePage:
        found = find(actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            page = history.list_releases(conn, place, limit=limit, after=cursor)
        return ReleasePage(items=[release_out(item, None) for item in page.items], next=page.next)

    @api.get(_ENVIRONMENT + "/releases/{number}", summary="One release")
    def show_release(actor: ActorDep, project: str, environment: str, number: Number) -> ReleaseOut:
        found = find(actor, project)
        with deps.db.read() as conn:
            place = environments.get(conn, found.id, environment)
            release = history.one_release(conn, place, number)
        return release_out(release, deps.projection(place.id))

    @api.post(
        _ENVIRONMENT + "/releases",
        status_code=201,
        summary="Publish one or many prompts, in one release",
        responses={200: {"model": PreviewOut, "description": "The answer to a dry run"}},
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
    ) -> ReleaseMade | PreviewOut:
        found = find(actor, project)
        picks = [Pick(item.path, item.version) for item in body.prompts]
        if body.dry_run:
            response.status_code = 200
            return preview_out(
                environment,
                preview_publish(deps, actor, found, environment, picks, expected_head=head),
            )
        outcome = publish(
            deps,
            actor,
            found,
            environment,
            picks,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=_once(request, body, head, key),
        )
        return _made(request, response, outcome)

    @api.post(
        _ENVIRONMENT + "/rollback",
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
        found = find(actor, project)
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
            once=_once(request, body, head, key),
        )
        return _made(request, response, outcome)

    @api.post(
        _ENVIRONMENT + "/suspend",
        status_code=201,
        summary="Stop prompts with a signed tombstone that no fallback gets past",
    )
    def suspend_prompts(
        actor: ActorDep,
        project: str,
        environment: str,
        body: StopIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> ReleaseMade:
        outcome = stop.suspend(
            deps,
            actor,
            find(actor, project),
            environment,
            body.prompts,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=_once(request, body, head, key),
        )
        return _made(request, response, outcome)

    @api.post(
        _ENVIRONMENT + "/unpublish", status_code=201, summary="Take prompts out of the environment"
    )
    def unpublish_prompts(
        actor: ActorDep,
        project: str,
        environment: str,
        body: StopIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> ReleaseMade:
        outcome = stop.unpublish(
            deps,
            actor,
            find(actor, project),
            environment,
            body.prompts,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=_once(request, body, head, key),
        )
        return _made(request, response, outcome)

    return api


def _once(request: Request, body: BaseModel, head: int | None, key: str | None) -> Once | None:
    if not key:
        return None
    asked = json.dumps([head, body.model_dump(mode="json")], sort_keys=True)
    return Once(key, request_hash(request.method, request.url.path, asked.encode()))


def _made(request: Request, response: Response, outcome: Outcome) -> ReleaseMade:
    number = outcome.release.number
    base = request.url.path.rpartition("/")[0]
    response.headers["ETag"] = f'"r{number}"'
    response.headers["Location"] = f"{base}/releases/{number}"
    return made_out(outcome)
