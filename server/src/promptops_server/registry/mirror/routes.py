"""`/projects/{p}/mirror`: see, set, remove, push now, overwrite. Routes only parse, call and render."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import Connection

from promptops_server.infra import cursor as pages
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses, tag_like
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.access import existing
from promptops_server.registry.mirror.model import Mirror, shown
from promptops_server.registry.mirror.overwrite import overwrite_mirror
from promptops_server.registry.mirror.push_now import push_now
from promptops_server.registry.mirror.remote import Limits
from promptops_server.registry.mirror.remove_mirror import remove_mirror
from promptops_server.registry.mirror.set_mirror import KeyGiven, PasswordGiven, Wanted, set_mirror
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.deps import (
    LIMIT,
)


@dataclass(frozen=True, slots=True)
class MirrorDeps:
    """Built by `app`."""

    db: Database
    authorise: Authorise
    sealer: Sealer
    limits: Limits


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PasswordIn(_In):
    """HTTPS user and password or token."""

    kind: Literal["password"]
    user: Line = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=4_000, description="Or a token; never returned")


class KeyIn(_In):
    """SSH private key, and the host's public key."""

    kind: Literal["ssh_key"]
    private_key: SecretStr = Field(
        max_length=20_000, description="OpenSSH or PEM, without passphrase; never returned"
    )
    known_host: str = Field(
        max_length=100_000, description="Lines of a known_hosts file, or `type base64` alone"
    )


class NoneIn(_In):
    """No credentials."""

    kind: Literal["none"]


CredentialsIn = Annotated[PasswordIn | KeyIn | NoneIn, Field(discriminator="kind")]


class MirrorIn(_In):
    """The mirror as it shall be."""

    url: str = Field(
        min_length=1,
        max_length=1000,
        description="`https://host/path`, `ssh://user@host/path` or `user@host:path`; no password in it",
    )
    all_branches: bool = Field(
        default=False, description="Also branches other than `main` and `env/…`"
    )
    enabled: bool = Field(default=True, description="`false`: paused")
    credentials: CredentialsIn | None = Field(
        default=None, description="Without it, those there are stay, if the host is the same"
    )


class OverwriteIn(_In):
    """What on the mirror may be lost."""

    refs: dict[
        Annotated[str, Field(max_length=255)], Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    ] = Field(
        min_length=1,
        max_length=100,
        description="Full ref name to the object id shown as `there` in `held`",
    )


class CredentialsOut(BaseModel):
    """How the server signs in; nothing secret."""

    kind: str
    user: str
    public_key: str
    fingerprint: str
    host_keys: list[str]


class ProblemOut(BaseModel):
    """Why the last attempt did not do everything."""

    code: str
    detail: str
    remedy: str


class HeldOut(BaseModel):
    """A ref that did not go out."""

    ref: str
    why: str = Field(description="`diverged` or `refused`")
    here: str | None
    there: str | None
    reason: str


class MirrorOut(BaseModel):
    """A project's mirror and its state."""

    url: str
    all_branches: bool
    enabled: bool
    credentials: CredentialsOut
    state: str = Field(description="`ok`, `pending`, `retrying`, `failed`, `diverged` or `paused`")
    problem: ProblemOut | None
    held: list[HeldOut] = Field(description="At most 100")
    attempts: int = Field(description="Failed ones in a row")
    next_attempt_at: str | None
    attempted_at: str | None
    pushed_at: str | None = Field(description="When everything had arrived")
    refs: int = Field(description="Refs the mirror holds from here")
    main: str | None = Field(description="The commit of `main` the mirror holds")
    created_at: str
    updated_at: str


class MirrorPage(BaseModel):
    """The mirrors of a project: one, or none."""

    items: list[MirrorOut]
    next: str | None


class PushedOut(BaseModel):
    """A ref the mirror holds from here."""

    ref: str
    oid: str
    pushed_at: str


class PushedPage(BaseModel):
    """A page of pushed refs."""

    items: list[PushedOut]
    next: str | None


def router(deps: MirrorDeps) -> APIRouter:
    """All routes of mirrors, without prefix."""
    result = APIRouter(tags=["mirror"])
    _add_reading(result, deps)
    _add_writing(result, deps)
    return result


def _add_reading(router: APIRouter, deps: MirrorDeps) -> None:
    @router.get(
        "/projects/{project}/mirrors",
        summary="List a project's mirrors: one, or none",
        responses=problem_responses(401, 404),
    )
    def listing(project: str, actor: ActorDep) -> MirrorPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = store.mirror_of(conn, get_project(conn, project).id)
            items = [] if found is None else [mirror_out(conn, found)]
        return MirrorPage(items=items, next=None)

    @router.get(
        "/projects/{project}/mirror",
        response_model=MirrorOut,
        summary="Show a project's mirror and its state",
        responses=problem_responses(401, 404),
    )
    def show(project: str, actor: ActorDep) -> JSONResponse:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            mirror = existing(conn, get_project(conn, project))
            return _answer(mirror, mirror_out(conn, mirror))

    @router.get(
        "/projects/{project}/mirror/refs",
        summary="List the refs a mirror holds, with object ids and times",
        responses=problem_responses(400, 401, 404),
    )
    def refs(
        project: str, actor: ActorDep, limit: Limit = LIMIT, cursor: Cursor = None
    ) -> PushedPage:
        require_readable(deps.authorise, actor, project)
        after = pages.decode(cursor, str)[0] if cursor else ""
        with deps.db.read() as conn:
            mirror = existing(conn, get_project(conn, project))
            found = store.pushed_page(conn, mirror.id, after=after, limit=limit + 1)
        page = pages.page(found, limit, lambda item: (item[0],))
        return PushedPage(
            items=[PushedOut(ref=n, oid=oid, pushed_at=to_text(at)) for n, oid, at in page.items],
            next=page.next,
        )


def _add_writing(router: APIRouter, deps: MirrorDeps) -> None:
    @router.put(
        "/projects/{project}/mirror",
        response_model=MirrorOut,
        status_code=200,
        summary="Set a project's mirror, and push to it",
        description=(
            "The whole mirror: address, refs, paused or not. Without `credentials` those there are "
            "stay, as long as scheme, host and port do. `If-Match` names the state it was made from."
        ),
        responses={
            201: {"description": "The project had no mirror", "model": MirrorOut},
            **problem_responses(400, 401, 403, 404, 409, 422),
        },
    )
    def put(project: str, body: MirrorIn, actor: ActorDep, request: Request) -> JSONResponse:
        mirror, fresh = set_mirror(
            deps.db,
            actor,
            deps.authorise,
            deps.sealer,
            deps.limits,
            project,
            Wanted(body.url, body.all_branches, body.enabled, _given(body.credentials)),
            seen=_seen(request),
        )
        with deps.db.read() as conn:
            return _answer(mirror, mirror_out(conn, mirror), 201 if fresh else 200)

    @router.delete(
        "/projects/{project}/mirror",
        status_code=204,
        summary="Remove a project's mirror and forget its credentials",
        responses=problem_responses(400, 401, 403, 404, 409),
    )
    def delete(project: str, actor: ActorDep, request: Request) -> Response:
        remove_mirror(deps.db, actor, deps.authorise, project, seen=_seen(request))
        return Response(status_code=204)

    @router.post(
        "/projects/{project}/mirror/push",
        response_model=MirrorOut,
        status_code=202,
        summary="Push to the mirror now",
        responses=problem_responses(401, 403, 404, 409),
    )
    def push(project: str, actor: ActorDep) -> JSONResponse:
        mirror = push_now(deps.db, actor, deps.authorise, project)
        with deps.db.read() as conn:
            return _answer(mirror, mirror_out(conn, mirror), 202)

    @router.post(
        "/projects/{project}/mirror/overwrite",
        response_model=MirrorOut,
        status_code=202,
        summary="Overwrite refs of the mirror that somebody else has moved",
        description="Names each ref with the object id on the mirror that will be lost; another id is refused.",
        responses=problem_responses(400, 401, 403, 404, 409, 422),
    )
    def overwrite(project: str, body: OverwriteIn, actor: ActorDep) -> JSONResponse:
        mirror = overwrite_mirror(deps.db, actor, deps.authorise, project, body.refs)
        with deps.db.read() as conn:
            return _answer(mirror, mirror_out(conn, mirror), 202)


def mirror_out(conn: Connection, mirror: Mirror) -> MirrorOut:
    """A mirror as it is shown to whoever may read the project."""
    credentials = mirror.credentials
    problem = mirror.problem
    behind = mirror.state == "ok" and store.is_behind(conn, mirror)
    return MirrorOut(
        url=mirror.url,
        all_branches=mirror.all_branches,
        enabled=mirror.enabled,
        credentials=CredentialsOut(
            kind=credentials.kind,
            user=credentials.user,
            public_key=credentials.public_key,
            fingerprint=credentials.fingerprint,
            host_keys=list(credentials.host_keys),
        ),
        state=shown(mirror, behind=behind),
        problem=problem
        and ProblemOut(code=problem.code, detail=problem.detail, remedy=problem.remedy),
        held=[
            HeldOut(ref=r.name, why=r.why, here=r.here, there=r.there, reason=r.reason)
            for r in mirror.held
        ],
        attempts=mirror.attempts,
        next_attempt_at=_time(mirror.next_attempt_at if mirror.state == "retrying" else None),
        attempted_at=_time(mirror.attempted_at),
        pushed_at=_time(mirror.pushed_at),
        refs=store.count_pushed(conn, mirror.id),
        main=store.pushed_main(conn, mirror.id),
        created_at=to_text(mirror.created_at),
        updated_at=to_text(mirror.updated_at),
    )


def _given(given: PasswordIn | KeyIn | NoneIn | None) -> PasswordGiven | KeyGiven | str | None:
    match given:
        case PasswordIn():
            return PasswordGiven(given.user, given.password.get_secret_value())
        case KeyIn():
            return KeyGiven(given.private_key.get_secret_value(), given.known_host)
        case NoneIn():
            return "none"
        case _:
            return None


def _answer(mirror: Mirror, body: MirrorOut, status: int = 200) -> JSONResponse:
    return JSONResponse(body.model_dump(), status, {"ETag": f'"m{mirror.revision}"'})


_TAG = re.compile(r"m([1-9][0-9]{0,8})")


def _seen(request: Request) -> int | None:
    """The revision named by `If-Match`. Raises BadRequest."""
    found = tag_like(request, _TAG, "a mirror", example="m3")
    return None if found is None else int(found[1])


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)
