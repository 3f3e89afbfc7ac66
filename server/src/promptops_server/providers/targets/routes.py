"""`/models` and `/projects/{p}/models`: see, add, change, remove, check targets. Routes only parse, call and render."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from promptops.format.names import fold
from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.clock import now_us
from promptops_server.infra.cursor import DEFAULT_LIMIT
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses, tag_like
from promptops_server.providers.model import DATA_CLASSES, Target
from promptops_server.providers.targets import budget, store
from promptops_server.providers.targets.add import add_target
from promptops_server.providers.targets.budget import Month
from promptops_server.providers.targets.change import change_target, existing
from promptops_server.providers.targets.check import check_target
from promptops_server.providers.targets.ports import CheckDeps, TargetDeps
from promptops_server.providers.targets.remove import remove_target
from promptops_server.providers.targets.schemas import (
    CheckIn,
    CheckOut,
    NewTarget,
    OptionOut,
    ProviderList,
    ProviderOut,
    TargetBody,
    TargetOut,
    TargetPage,
    UsablePage,
    check_out,
    target_out,
    usable_out,
    users_check_out,
)
from promptops_server.providers.targets.store import Stored

_LIMIT = DEFAULT_LIMIT


def router(deps: TargetDeps, calls: CheckDeps) -> APIRouter:
    """All routes of targets, without prefix. Mount it behind whatever has fixed words under `/models/`."""
    result = APIRouter(tags=["models"])
    _add_reading(result, deps)
    _add_writing(result, deps)
    _add_check(result, deps, calls)
    return result


def _add_reading(router: APIRouter, deps: TargetDeps) -> None:
    @router.get(
        "/models",
        summary="List model targets, by name",
        responses=problem_responses(400, 401, 403),
    )
    def list_models(actor: ActorDep, limit: Limit = _LIMIT, cursor: Cursor = None) -> TargetPage:
        require(deps.authorise, actor, "model:manage", Resource())
        after = pages.decode(cursor, str)[0] if cursor else ""
        with deps.db.read() as conn:
            found = store.some(conn, after=after, limit=limit + 1)
        page = pages.page(found, limit, _key)
        return TargetPage(items=_many(deps, page.items), next=page.next)

    @router.get(
        "/model-providers",
        summary="List the providers that model targets can name",
        responses=problem_responses(401, 403),
    )
    def providers(actor: ActorDep) -> ProviderList:
        require(deps.authorise, actor, "model:manage", Resource())
        return ProviderList(
            items=[
                ProviderOut(
                    name=kind.name,
                    title=kind.title,
                    base_url=kind.base_url,
                    needs_credential=kind.needs_credential,
                    options=[
                        OptionOut(name=o.name, help=o.help, required=o.required, default=o.default)
                        for o in kind.options
                    ],
                )
                for _, kind in sorted(deps.kinds.items())
            ],
            data_classes=list(DATA_CLASSES),
        )

    @router.get(
        "/models/{name}",
        response_model=TargetOut,
        summary="Show a model target",
        responses=problem_responses(401, 403, 404),
    )
    def show(name: str, actor: ActorDep) -> JSONResponse:
        require(deps.authorise, actor, "model:manage", Resource())
        with deps.db.read() as conn:
            found = existing(store.by_name(conn, name), name)
        return _answer(deps, found)

    @router.get(
        "/projects/{project}/models",
        summary="List the model targets a project may use, by name",
        responses=problem_responses(400, 401, 404),
    )
    def usable(
        project: str, actor: ActorDep, limit: Limit = _LIMIT, cursor: Cursor = None
    ) -> UsablePage:
        deps.projects.require_readable(actor, project)
        after = pages.decode(cursor, str)[0] if cursor else ""
        with deps.db.read() as conn:
            deps.projects.require_there(conn, project)
            found = store.some(conn, after=after, limit=limit + 1, project=project)
        page = pages.page(found, limit, _key)
        return UsablePage(
            items=[
                usable_out(
                    one,
                    not deps.credentials.missing(one.target),
                    deps.known(one.target),
                    free=_is_free(deps, one.target),
                )
                for one in page.items
                if one.target.may_be_used_by(project)
            ],
            next=page.next,
        )


def _is_free(deps: TargetDeps, target: Target) -> bool:
    kind = deps.kinds.get(target.provider)
    return kind is not None and kind.free


def _add_writing(router: APIRouter, deps: TargetDeps) -> None:
    @router.post(
        "/models",
        response_model=TargetOut,
        status_code=201,
        summary="Add a model target",
        responses=problem_responses(400, 401, 403, 409, 422),
    )
    def add(body: NewTarget, actor: ActorDep) -> JSONResponse:
        given = body.credential.given() if body.credential else None
        return _answer(deps, add_target(deps, actor, body.wanted(body.name), given), 201)

    @router.put(
        "/models/{name}",
        response_model=TargetOut,
        summary="Change a model target",
        description=(
            "The whole target. Without `credential` the one there is stays, as long as provider and address do. "
            "`If-Match` names the state the change was made from."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 422),
    )
    def change(name: str, body: TargetBody, actor: ActorDep, request: Request) -> JSONResponse:
        given = body.credential.given() if body.credential else None
        changed = change_target(deps, actor, body.wanted(name), given, seen=_seen(request))
        return _answer(deps, changed)

    @router.delete(
        "/models/{name}",
        status_code=204,
        summary="Remove a model target and forget its secret",
        description="Results of tests keep pointing at it; its name is free again.",
        responses=problem_responses(400, 401, 403, 404, 409),
    )
    def remove(name: str, actor: ActorDep, request: Request) -> Response:
        remove_target(deps, actor, name, seen=_seen(request))
        return Response(status_code=204)


def _add_check(router: APIRouter, deps: TargetDeps, calls: CheckDeps) -> None:
    @router.post(
        "/models/{name}/check",
        summary="Call a model target once, and say what it is and what is wrong",
        description=(
            "One real, small call. An endpoint that fails is an answer of 200 with `ok` false; its `problem` and `remedy` "
            "say what is wrong and what to do."
        ),
        responses=problem_responses(400, 401, 403, 404, 422),
    )
    async def check(name: str, body: CheckIn, actor: ActorDep) -> CheckOut:
        found = await check_target(deps, calls, actor, name, body.project)
        result = check_out(found) if body.project is None else users_check_out(found)
        assert result is not None
        return result


def _key(found: Stored) -> tuple[str]:
    return (fold(found.target.name),)


def _many(deps: TargetDeps, found: Sequence[Stored]) -> list[TargetOut]:
    month = budget.month_of(now_us())
    with deps.db.read() as conn:
        spent = budget.months_of(conn, [one.target.id for one in found], month)
    return [
        target_out(
            one,
            deps.credentials.missing(one.target),
            spent.get(one.target.id, Month(month)),
        )
        for one in found
    ]


def _answer(deps: TargetDeps, found: Stored, status: int = 200) -> JSONResponse:
    (body,) = _many(deps, [found])
    return JSONResponse(body.model_dump(), status, {"ETag": f'"t{found.target.revision}"'})


_TAG = re.compile(r"t([1-9][0-9]{0,8})")


def _seen(request: Request) -> int | None:
    """The revision named by `If-Match`. Raises BadRequest."""
    found = tag_like(request, _TAG, "a model target", example="t3")
    return None if found is None else int(found[1])
