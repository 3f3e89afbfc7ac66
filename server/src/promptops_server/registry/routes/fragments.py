"""`/projects/{p}/uses/{path}`, `/projects/{p}/impact/{path}` and `/projects/{p}/upgrade-pins`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, Cursor, IdempotencyKey, Limit, problem_responses
from promptops_server.registry.edits.frame import MAX_PROMPTS
from promptops_server.registry.edits.pin_plan import By, Result, Wish
from promptops_server.registry.edits.upgrade_pins import Upgraded, upgrade_pins
from promptops_server.registry.fragments.impact import Impact, list_impact
from promptops_server.registry.fragments.target import NEWEST, target_version
from promptops_server.registry.fragments.uses import Use, list_uses
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
    RegistryDeps,
    once,
)
from promptops_server.registry.routes.schemas import LiveOut, Problems, live_out

Path = Annotated[Line, Field(max_length=600)]
Pin = Annotated[Line, Field(max_length=80)]
Transitive = Annotated[
    bool, Query(description="Also what includes it through other fragments, at most 5 deep")
]
Environment = Annotated[
    str | None, Query(max_length=100, description="What is live there, not the newest versions")
]


class PinOut(BaseModel):
    """One reference to the fragment, or to a fragment that contains it."""

    fragment: str
    pin: str = Field(description="As written: a version number or `sha256:…`")
    version: int | None = Field(description="The version it means")
    behind: bool = Field(description="The fragment has a newer version")
    key: str = Field(description="Where it stands in the file")


class UseOut(BaseModel):
    """A prompt version that contains the fragment."""

    path: str
    version: int
    depth: int = Field(description="1: it includes it itself")
    pins: list[PinOut]
    live: list[LiveOut] = Field(description="Where a version that contains it is live")


class UsePage(BaseModel):
    """A page of uses."""

    items: list[UseOut]
    next: str | None


class InputChangeOut(BaseModel):
    """A variable that callers may or must give."""

    name: str
    required: bool


class InputsOut(BaseModel):
    """Required inputs that are added are missing in today's calls; removed ones are unknown then."""

    added: list[InputChangeOut]
    removed: list[InputChangeOut]


class ImpactOut(UseOut):
    """What would change in one prompt."""

    changes_behaviour: bool
    diff: str = Field(description="Of the text as a model receives it, fragments in place")
    inputs: InputsOut
    error: str | None = Field(description="Why it could not be compiled any more")


class ImpactPage(BaseModel):
    """A page of effects of moving to version `to`."""

    fragment: str
    to: int
    items: list[ImpactOut]
    next: str | None


class UpgradeIn(BaseModel):
    """Which pins are to move where."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    fragment: Path
    to: Pin = Field(default=NEWEST, description="`newest`, a version number, or `sha256:…`")
    pins: list[Pin] | None = Field(
        default=None, alias="from", max_length=500, description="Only these pins, as written"
    )
    by: By | None = Field(default=None, description="How to pin; null keeps each pin's kind")
    module: Path = Field(default="", description="Only prompts below this module")
    paths: list[Path] | None = Field(default=None, max_length=MAX_PROMPTS)
    transitive: bool = Field(
        default=False,
        description="Also move whoever pins the newest version of a fragment that changes by this",
    )
    skip_refused: bool = False
    message: str | None = Field(default=None, description="At most 500 characters")
    dry_run: bool = False


class PinChangeOut(BaseModel):
    """One reference before and after."""

    model_config = ConfigDict(populate_by_name=True)

    old: str = Field(alias="from")
    new: str = Field(alias="to")


class UpgradeItemOut(BaseModel):
    """What happened to one prompt. `version` is its newest afterwards."""

    path: str
    result: Result
    version: int
    reason: str
    pins: list[PinChangeOut]
    diff: str
    problems: Problems


class UpgradeOut(BaseModel):
    """What an upgrade did, or would do. `commit` is null when nothing was written."""

    commit: str | None
    message: str
    fragment: str
    to: int
    dry_run: bool
    changed: int
    unchanged: int
    refused: int
    items: list[UpgradeItemOut]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of fragments."""
    _add_reading(router, deps)
    _add_upgrade(router, deps)


def _add_reading(router: APIRouter, deps: RegistryDeps) -> None:
    @router.get(
        "/projects/{project}/uses/{path:path}",
        summary="List what uses a fragment",
        description=(
            "The prompts whose newest version includes it, by path, with their pins; with "
            "`environment`, what is live there and contains it. A page of the latter may be short "
            "though `next` is given."
        ),
        responses=problem_responses(400, 401, 404, 413),
        tags=["fragments"],
    )
    def uses(
        project: str,
        path: str,
        actor: ActorDep,
        transitive: Transitive = False,
        environment: Environment = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> UsePage:
        require_readable(deps.authorise, actor, project)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            page = list_uses(
                conn,
                found,
                path,
                deps.live,
                transitive=transitive,
                environment=environment,
                limit=limit,
                cursor=cursor,
            )
        return UsePage(items=[UseOut(**_use(use)) for use in page.items], next=page.next)

    @router.get(
        "/projects/{project}/impact/{path:path}",
        summary="Show what would change if a fragment's pins moved",
        description="Per prompt the text before and after, and the inputs that come or go.",
        responses=problem_responses(400, 401, 404, 413, 422),
        tags=["fragments"],
    )
    def impact(
        project: str,
        path: str,
        actor: ActorDep,
        to: Annotated[
            str, Query(max_length=80, description="`newest`, a version number, or `sha256:…`")
        ] = NEWEST,
        transitive: Transitive = False,
        environment: Environment = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> ImpactPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            target = target_version(conn, found, path, to)
            page = list_impact(
                conn,
                found,
                target,
                deps.live,
                transitive=transitive,
                environment=environment,
                limit=limit,
                cursor=cursor,
            )
        items = [_impact(item) for item in page.items]
        return ImpactPage(fragment=path, to=target.number, items=items, next=page.next)


def _add_upgrade(router: APIRouter, deps: RegistryDeps) -> None:
    @router.post(
        "/projects/{project}/upgrade-pins",
        response_model=UpgradeOut,
        summary="Move the pins of a fragment in many prompts, as one commit",
        description=(
            "Only the characters of the pins change. When prompts would not be valid any more, "
            "nothing is written and all of them are named, unless `skip_refused`."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
        tags=["fragments"],
    )
    def upgrade(
        project: str,
        given: UpgradeIn,
        actor: ActorDep,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        wish = Wish(
            fragment=given.fragment,
            to=given.to,
            pins=None if given.pins is None else frozenset(given.pins),
            by=given.by,
            module=given.module.strip("/"),
            paths=None if given.paths is None else frozenset(given.paths),
            transitive=given.transitive,
            skip_refused=given.skip_refused,
        )

        def render(done: Upgraded) -> tuple[int, dict[str, Any]]:
            return 200, upgrade_out(done, dry_run=given.dry_run)

        status, answer = once(
            deps,
            actor,
            request,
            None if given.dry_run else idempotency_key,
            given,
            lambda keep: upgrade_pins(
                deps.db,
                actor,
                deps.authorise,
                project,
                wish,
                message=given.message,
                dry_run=given.dry_run,
                keep=keep,
            ),
            render,
        )
        return JSONResponse(answer, status)


def _use(use: Use) -> dict[str, Any]:
    return {
        "path": use.path,
        "version": use.version,
        "depth": use.depth,
        "pins": [
            PinOut(fragment=p.fragment, pin=p.pin, version=p.version, behind=p.behind, key=p.key)
            for p in use.pins
        ],
        "live": live_out(use.live),
    }


def _impact(item: Impact) -> ImpactOut:
    return ImpactOut(
        **_use(item.use),
        changes_behaviour=item.changes_behaviour,
        diff=item.diff,
        inputs=InputsOut(
            added=[InputChangeOut(name=i.name, required=i.required) for i in item.added],
            removed=[InputChangeOut(name=i.name, required=i.required) for i in item.removed],
        ),
        error=item.error,
    )


def upgrade_out(done: Upgraded, *, dry_run: bool) -> dict[str, Any]:
    """The answer to an upgrade of pins, ready for JSON."""
    return {
        "commit": done.commit,
        "message": done.message,
        "fragment": done.fragment,
        "to": done.to.number,
        "dry_run": dry_run,
        "changed": done.count("changed"),
        "unchanged": done.count("unchanged"),
        "refused": done.count("refused"),
        "items": [
            {
                "path": item.path,
                "result": item.result,
                "version": item.version,
                "reason": item.reason,
                "pins": [{"from": old, "to": new} for old, new in item.pins],
                "diff": item.diff,
                "problems": [dict(problem) for problem in item.problems],
            }
            for item in done.items
        ],
    }
