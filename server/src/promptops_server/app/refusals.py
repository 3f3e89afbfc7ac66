"""Exceptions to problem documents, and denials to the audit log: the one place where HTTP meets refusals."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from promptops_server import audit
from promptops_server.access.sign_in.throttle import TooManyAttempts
from promptops_server.app.description import described
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.http import problem_response
from promptops_server.infra.metrics import DENIALS
from promptops_server.infra.problems import (
    BadRequest,
    Denied,
    Invalid,
    NotFound,
    ProblemError,
    Unavailable,
    Unexpected,
)
from promptops_server.registry.tables import project

log = structlog.get_logger(__name__)

_PROJECT = re.compile(
    r"^/(?:api/v1/projects|git|delivery/v1)/([A-Za-z0-9][A-Za-z0-9._-]{0,99}?)(?:\.git)?(?:/|$)"
)


class DenialLog:
    """Writes refusals into the audit log, at most `per_minute` for one actor, so that nobody can flood it."""

    def __init__(self, db: Database, per_minute: int) -> None:
        self._db = db
        self._per_minute = per_minute
        self._recent: dict[str, deque[float]] = {}
        self._mutex = threading.Lock()

    def __call__(self, actor: Actor, denied: ProblemError, path: str) -> None:
        """Record that `actor` was refused at the URL path `path`."""
        match = _PROJECT.match(path)
        action = str(denied.members.get("action", "access")).replace(":", ".")
        self._record(actor, match[1] if match else None, action, denied, path)

    def in_project(self, actor: Actor, project: str, action: str, denied: Denied) -> None:
        """Record that `actor` was refused `action` in the project of that name."""
        self._record(actor, project, action, denied, project)

    def _record(
        self, actor: Actor, name: str | None, action: str, denied: ProblemError, place: str
    ) -> None:
        rule = str(denied.members.get("rule", ""))
        DENIALS.labels(rule).inc()
        if not self._has_room(actor.subject):
            log.warning("denial_not_audited", actor=actor.name, rule=rule)
            return
        with self._db.read() as conn:
            project_id = (
                conn.execute(select(project.c.id).where(project.c.name == name)).scalar()
                if name
                else None
            )
        audit.record_denial(
            self._db,
            audit.AuditEvent(
                action=action,
                object=audit.AuditObject("project" if project_id else "path", name or place[:700]),
                actor=actor,
                outcome="denied",
                project=name if project_id else None,
                reason=denied.detail,
                rule=rule,
            ),
            project_id=project_id,
        )

    def _has_room(self, subject: str) -> bool:
        now = time.monotonic()
        with self._mutex:
            if len(self._recent) > 10_000:
                self._recent.clear()
            times = self._recent.setdefault(subject, deque(maxlen=self._per_minute))
            if len(times) == self._per_minute and now - times[0] < 60:
                return False
            times.append(now)
            return True


def install(app: FastAPI, denials: DenialLog) -> None:
    """Make every error of the application a problem document."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        actor = getattr(request.state, "actor", None)
        if isinstance(error, Denied | TooManyAttempts):
            # Forged requests and waits come before anybody is known.
            who = actor if actor is not None else _nobody(request)
            try:
                await run_in_threadpool(denials, who, error, request.url.path)
            except ProblemError:
                log.exception("denial_not_audited", actor=who.name)
        if isinstance(error, Unavailable):
            error.headers.setdefault("Retry-After", "2")
        return _answer(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _answer(request, _invalid(error, request.headers.get("content-type", "")))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, ProblemError):  # raised while FastAPI read the body
            return await on_problem(request, error.__cause__)
        problem = _plain(request, error)
        problem.headers.update(error.headers or {})
        return _answer(request, problem)

    async def on_unexpected(request: Request, error: Exception) -> Response:
        log.error("unexpected_error", method=request.method, path=request.url.path, exc_info=error)
        request.state.unexpected = True
        return _answer(request, Unexpected())

    async def on_disconnect(request: Request, error: Exception) -> Response:
        return Response(status_code=499)

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        ProblemError: on_problem,
        RequestValidationError: on_validation,
        HTTPException: on_http,
        ClientDisconnect: on_disconnect,
        Exception: on_unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _nobody(request: Request) -> Actor:
    return Actor(
        "anonymous",
        "anonymous",
        auth_method="none",
        ip=request.client.host if request.client else None,
        request_id=getattr(request.state, "request_id", None),
    )


def _answer(request: Request, problem: ProblemError) -> Response:
    return problem_response(problem, getattr(request.state, "request_id", None))


def _invalid(error: RequestValidationError, content_type: str) -> ProblemError:
    """Each wrong field by its place; the value sent is not repeated, since it may be a secret."""
    errors = [
        {"key": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return BadRequest("The request body is not valid JSON.", errors=errors)
    first = errors[0]
    # FastAPI takes a body of another type for one text, and then complains of the text.
    unread = any(tuple(item["loc"]) == ("body",) for item in error.errors())
    if unread and "json" not in content_type.lower():
        kind = content_type[:60] or "no type"
        return Invalid(
            f"The request body was sent as {kind} and not read as JSON.",
            remedy="Send Content-Type: application/json.",
            errors=errors,
        )
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"{first['key']}: {first['message']}{more}.", errors=errors)


class _MethodNotAllowed(ProblemError):
    status = 405
    slug = "method-not-allowed"
    title = "This is not offered here"


def _plain(request: Request, error: HTTPException) -> ProblemError:
    if error.status_code == 404:
        return NotFound(
            f"There is nothing at {request.url.path[:300]}.",
            remedy="The API is described at /openapi.json.",
        )
    if error.status_code == 405:
        # Starlette's own Allow names only the first route of a path.
        offered = ", ".join(_offered(request)) or (error.headers or {}).get("Allow", "")
        error.headers = {**(error.headers or {}), "Allow": offered}
        return _MethodNotAllowed(
            f"{request.method} is not offered at {request.url.path[:300]}.",
            remedy=f"Use {offered}.",
        )
    remedy = "Send JSON in UTF-8, not compressed." if error.status_code == 400 else ""
    problem = ProblemError(str(error.detail).rstrip(".") + ".", remedy=remedy)
    problem.status = error.status_code  # type: ignore[misc]
    return problem


def _offered(request: Request) -> list[str]:
    """The methods the API describes for the path of a request."""
    found: set[str] = set()
    for template, methods in described(request.app).methods.items():
        pattern = re.sub(r"\\{(\w+)\\}", _any_value, re.escape(template))
        if re.fullmatch(pattern, request.url.path):
            found.update(methods)
    return sorted(found)


def _any_value(parameter: re.Match[str]) -> str:
    return ".+" if parameter[1] == "path" else "[^/]+"
