"""The smart-HTTP remote: ``/git/{project}.git``, as the stock `git` client speaks it.

Owns requests, credentials and limits; `upload` and `receive` do the work in a bounded pool of threads. What goes wrong
before Git's own protocol starts is a plain-text line, which Git prints as ``remote: …``.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import structlog
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import (
    BadRequest,
    Denied,
    ProblemError,
    TooLarge,
    Unauthenticated,
)
from promptops_server.registry.git import upload
from promptops_server.registry.git.advertise import advertisement
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.ports import (
    DenialRecorder,
    GitAction,
    GitAuthenticate,
    ProjectAccess,
    ProjectLike,
    PushedVersions,
    RefGuard,
)
from promptops_server.registry.git.receive import ReceivePack
from promptops_server.registry.git.spool import Spool

log = structlog.get_logger(__name__)

T = TypeVar("T")

_IDLE_SECONDS = 60.0
_QUEUE_SECONDS = 60.0
_INFLATE_STEP = 256 * 1024
_NO_CACHE = {
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
}
_ACTIONS: dict[str, GitAction] = {
    "git-upload-pack": "project:read",
    "git-receive-pack": "push",
}


class TooManyRequests(ProblemError):
    """This actor has as many Git requests running as it may."""

    status = 429
    slug = "too-many-requests"
    title = "Too many at once"


@dataclass(frozen=True, slots=True)
class GitDeps:
    """What the remote stands on; `app` fills it."""

    db: Database
    authenticate: GitAuthenticate
    access: ProjectAccess
    guard: RefGuard
    versions: PushedVersions
    denied: DenialRecorder | None = None
    limits: Limits = field(default_factory=Limits)


def router(deps: GitDeps) -> APIRouter:
    """The three routes; `app` mounts them at the root."""
    remote = _Remote(deps)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/git/{project}.git/info/refs", remote.info_refs, methods=["GET"])
    routes.add_api_route("/git/{project}.git/git-upload-pack", remote.upload, methods=["POST"])
    routes.add_api_route("/git/{project}.git/git-receive-pack", remote.receive, methods=["POST"])
    return routes


class _Remote:
    def __init__(self, deps: GitDeps) -> None:
        self._deps = deps
        self._receive = ReceivePack(
            deps.db, deps.access, deps.guard, deps.versions, deps.limits, deps.denied
        )
        self._workers = anyio.CapacityLimiter(deps.limits.concurrent)
        # Short questions do not wait behind long packs.
        self._askers = anyio.CapacityLimiter(deps.limits.concurrent)
        self._turns: dict[str, anyio.CapacityLimiter] = {}

    async def info_refs(self, request: Request, project: str) -> Response:
        service = request.query_params.get("service", "")
        if service not in _ACTIONS:
            return PlainTextResponse(
                "This remote speaks Git's smart protocol only; use Git 1.6.6 or newer.\n", 403
            )
        try:
            actor = await self._authenticate(request)
            found = await self._open(actor, project, service)
            body = await self._ask(self._advertise, found, service)
        except ProblemError as problem:
            return _refusal(problem)
        return Response(
            body, media_type=f"application/x-{service}-advertisement", headers=_NO_CACHE
        )

    async def upload(self, request: Request, project: str) -> Response:
        service = "git-upload-pack"
        try:
            actor = await self._authenticate(request)
            found = await self._open(actor, project, service)
            async with self._turn(actor), _spooled(request, self._deps.limits.fetch_bytes) as body:
                if body.over:
                    raise _too_large(body.over, "fetch")
                data = io.BytesIO(body.spool.read(0, body.spool.size))
                work = upload.upload_pack
                args = (self._deps.db, found.id, data, self._deps.limits)
                try:
                    answer = await to_thread.run_sync(work, *args, limiter=self._workers)
                except ProblemError as problem:
                    # From here on the client reads packets, and shows this one.
                    answer = upload.FetchResponse(upload.error_packet(problem))
        except ProblemError as problem:
            return _refusal(problem)
        except ClientDisconnect:
            return Response(status_code=400)
        return _FetchStream(answer, self._askers, service)

    async def receive(self, request: Request, project: str) -> Response:
        service = "git-receive-pack"
        limit = self._deps.limits.push_bytes
        try:
            actor = await self._authenticate(request)
            found = await self._open(actor, project, service)
            async with self._turn(actor), _spooled(request, limit) as body:
                if body.over:
                    problem = _too_large(body.over, "push")
                    answer = await self._ask(self._receive.refuse, body.spool, problem)
                else:
                    args = (actor, found, body.spool)
                    answer = await to_thread.run_sync(self._receive, *args, limiter=self._workers)
        except ProblemError as problem:
            return _refusal(problem)
        except ClientDisconnect:
            log.info("git_push_cut_off", project=project)
            return Response(status_code=400)
        return Response(answer, media_type=f"application/x-{service}-result", headers=_NO_CACHE)

    # -- who and what

    async def _authenticate(self, request: Request) -> Actor:
        user, password = _credentials(request.headers.get("authorization"))
        ip = request.client.host if request.client else None
        request_id = getattr(request.state, "request_id", None)

        def ask() -> Actor:
            return self._deps.authenticate(user, password, ip=ip, request_id=request_id)

        return await self._ask(ask)

    async def _open(self, actor: Actor, name: str, service: str) -> ProjectLike:
        action = _ACTIONS[service]

        def ask() -> ProjectLike:
            try:
                return self._deps.access(actor, name, action)
            except Denied as denied:
                if self._deps.denied is not None:
                    self._deps.denied(actor, name, service.replace("git-", "git."), denied)
                raise

        return await self._ask(ask)

    def _advertise(self, project: ProjectLike, service: str) -> bytes:
        with self._deps.db.read() as conn:
            return advertisement(conn, project.id, service)

    async def _ask(self, work: Callable[..., T], *args: object) -> T:
        return await to_thread.run_sync(work, *args, limiter=self._askers)

    @asynccontextmanager
    async def _turn(self, actor: Actor) -> AsyncIterator[None]:
        """Each actor has a few places, from the first byte of the body to the answer; further requests queue."""
        turns = self._turns.setdefault(
            actor.subject, anyio.CapacityLimiter(self._deps.limits.concurrent_per_actor)
        )
        me = object()
        try:
            with anyio.fail_after(_QUEUE_SECONDS):
                await turns.acquire_on_behalf_of(me)
        except TimeoutError:
            raise TooManyRequests(
                f"{turns.borrowed_tokens} of your Git requests are running already.",
                remedy="Wait for one to end, then try again.",
            ) from None
        try:
            yield
        finally:
            turns.release_on_behalf_of(me)
            statistics = turns.statistics()
            if not statistics.borrowed_tokens and not statistics.tasks_waiting:
                self._turns.pop(actor.subject, None)


@dataclass(slots=True)
class _Body:
    spool: Spool
    over: int = 0
    """The limit in bytes, when the body went over it; then only its start was kept."""


@asynccontextmanager
async def _spooled(request: Request, limit: int) -> AsyncIterator[_Body]:
    """The whole request body, gzip undone. Up to as much again as the limit is read and thrown away, so that the client
    gets to hear why it was refused instead of a broken pipe."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > 2 * limit:
        raise _too_large(limit, "request")
    encoding = request.headers.get("content-encoding", "identity")
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise BadRequest(f"Content-Encoding {encoding[:40]!r} is not understood.")
    inflater = zlib.decompressobj(31) if encoding != "identity" else None
    body = _Body(Spool())
    arrived = 0
    try:
        chunks = request.stream().__aiter__()
        while True:
            try:
                with anyio.fail_after(_IDLE_SECONDS):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise BadRequest(
                    f"Nothing arrived for {_IDLE_SECONDS:.0f} seconds.", remedy="Try again."
                ) from None
            arrived += len(chunk)
            if arrived > 2 * limit:
                raise _too_large(limit, "request")
            if not body.over:
                for piece in _inflated(inflater, chunk):
                    room = limit - body.spool.size
                    body.spool.append(piece[:room])
                    if len(piece) > room:
                        body.over = limit
                        break
        if inflater is not None and not inflater.eof and not body.over:
            raise BadRequest("The gzip body is cut off.")
        yield body
    finally:
        body.spool.close()


def _inflated(inflater: zlib._Decompress | None, chunk: bytes) -> Iterator[bytes]:
    if inflater is None:
        yield chunk
        return
    try:
        while chunk:
            yield inflater.decompress(chunk, _INFLATE_STEP)
            chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise BadRequest(f"The gzip body is damaged: {error}.") from error


class _FetchStream(Response):
    """Sends a fetch response piece by piece and frees its temporary file, whatever happens to the client."""

    def __init__(
        self, answer: upload.FetchResponse, limiter: anyio.CapacityLimiter, service: str
    ) -> None:
        super().__init__(media_type=f"application/x-{service}-result", headers=_NO_CACHE)
        del self.headers["content-length"]
        self._answer, self._limiter = answer, limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        try:
            await send(start)
            chunks = self._answer.chunks()
            while True:
                chunk = await to_thread.run_sync(next, chunks, None, limiter=self._limiter)
                if chunk is None:
                    break
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            log.info("git_fetch_cut_off")  # the client is gone
        finally:
            self._answer.close()


_HOW_TO_SIGN_IN = (
    "Use any user name and, as password, a token: `promptops token create laptop` makes one."
)


def _credentials(header: str | None) -> tuple[str, str]:
    """User and token. A bearer token has no user."""
    scheme, _, value = (header or "").strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return "", value.strip()
    if scheme.lower() == "basic":
        try:
            user, separator, password = base64.b64decode(value, validate=True).partition(b":")
            if separator:
                return user.decode("utf-8"), password.decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise Unauthenticated("Git needs a token here.", remedy=_HOW_TO_SIGN_IN)


def _refusal(problem: ProblemError) -> Response:
    # Whoever signs in says how by HTTP; here there is only a user name and a password.
    remedy = _HOW_TO_SIGN_IN if isinstance(problem, Unauthenticated) else problem.remedy
    text = " ".join(f"{problem.detail} {remedy}".split())
    response = PlainTextResponse(text + "\n", problem.status, headers=dict(problem.headers))
    if isinstance(problem, Unauthenticated):
        # Stock Git asks its credential helper, or the user, only after this challenge.
        response.headers["WWW-Authenticate"] = 'Basic realm="PromptOps", charset="UTF-8"'
    if isinstance(problem, TooManyRequests):
        response.headers["Retry-After"] = "5"
    return response


def _too_large(limit: int, what: str) -> TooLarge:
    return TooLarge(
        f"The {what} is over {limit:,} bytes.",
        remedy="Push older commits first, a part at a time: git push origin <commit>:refs/heads/main",
    )
