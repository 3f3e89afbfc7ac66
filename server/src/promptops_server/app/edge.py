"""The outermost layer of every request but delivery's: request id, limits, headers, last-resort errors, log, metrics.

Plain ASGI, so that it also covers the Git remote and streamed answers.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from promptops_server.infra.ids import request_id_of
from promptops_server.infra.metrics import HTTP_REQUESTS, HTTP_SECONDS
from promptops_server.infra.problems import ProblemError, TooLarge, Unexpected
from promptops_server.infra.request_address import check_address

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger("promptops_server.http")

_IMPORT = re.compile(r"^/api/v1/projects/[^/]+/imports?(/|$)")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_CSP = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Edge:
    """Wraps the application.

    Args:
        json_bytes: limit of an API request body.
        import_bytes: limit of an import's request body.
    """

    def __init__(self, app: App, *, json_bytes: int, import_bytes: int) -> None:
        self._app = app
        self._json_bytes = json_bytes
        self._import_bytes = import_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(
                    message.get("headers", []), request_id, scope["path"]
                )
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                check_address(scope)
                await self._app(scope, self._limited(scope, receive), send_with_headers)
            except Exception as error:
                if scope["state"].get("unexpected"):
                    pass  # answered and logged by `refusals`; Starlette raises it again nevertheless
                elif status:
                    log.exception("answer_cut_off", path=scope["path"])
                    raise
                else:
                    await _send_problem(send_with_headers, _last_resort(error, scope), request_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` that refuses a body over the limit. The Git remote and delivery keep limits of their own."""
        path: str = scope["path"]
        if not path.startswith("/api/"):
            return receive
        if _IMPORT.match(path):
            limit, setting = self._import_bytes, "limits.import_bytes"
        else:
            limit, setting = self._json_bytes, "limits.json_bytes"
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > limit:
                    raise _too_large(limit, setting)
            return message

        declared = _header(scope, b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > limit:

            async def refused() -> Message:
                raise _too_large(limit, setting)

            return refused
        return limited

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path: str = scope["path"]
        route = _route(scope)
        HTTP_REQUESTS.labels(scope["method"], route, status or 499).inc()
        HTTP_SECONDS.labels(route).observe(seconds)
        write = log.debug if path in _QUIET else log.info
        actor = scope.get("state", {}).get("actor")
        write(
            "request",
            method=scope["method"],
            path=path,
            status=status or 499,  # 499: the client went away first
            ms=round(seconds * 1000, 2),
            actor=actor.name if actor is not None else None,
        )


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _with_headers(
    headers: list[tuple[bytes, bytes]], request_id: str, path: str
) -> list[tuple[bytes, bytes]]:
    have = {name.lower() for name, _ in headers}
    out = [*headers, (b"x-request-id", request_id.encode())]
    out.extend(pair for pair in _HEADERS if pair[0] not in have)
    if _CSP[0] not in have:
        out.append(_CSP)
    if b"cache-control" not in have and path.startswith("/api/"):
        out.append((b"cache-control", b"no-store"))
    return out


def _route(scope: Scope) -> str:
    """A label of few values: the route's template, never the path with its names."""
    route = scope.get("route")
    template = getattr(route, "path", None)
    if isinstance(template, str):
        return template
    return "/git" if scope["path"].startswith("/git/") else "other"


def _too_large(limit: int, setting: str) -> TooLarge:
    return TooLarge(
        f"The request body is over {limit:,} bytes.",
        remedy=f"Send less at once; an operator sets the limit with {setting}.",
        limit=limit,
    )


def _last_resort(error: Exception, scope: Scope) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    log.error("unexpected_error", method=scope["method"], path=scope["path"], exc_info=error)
    return Unexpected()


async def _send_problem(send: Send, problem: ProblemError, request_id: str) -> None:
    body = json.dumps(problem.document(request_id)).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *((k.lower().encode(), v.encode()) for k, v in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
