"""What every router shares: the actor of a request, entity tags, problem responses.

Routers only parse, call a use case and render. A capability offers ``router(deps) -> APIRouter``; `app` mounts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from promptops_server.infra.actor import Actor
from promptops_server.infra.cursor import MAX_LIMIT
from promptops_server.infra.idempotency import request_hash
from promptops_server.infra.problems import BadRequest, ProblemError


class Authenticate(Protocol):
    """Turns credentials into an actor; `access` implements it."""

    async def __call__(
        self, authorization: str | None, *, ip: str | None, request_id: str | None
    ) -> Actor:
        """Raises Unauthenticated when credentials are missing, wrong, expired or revoked."""
        ...


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What of a request tells whether a browser's session may be used for it."""

    method: str
    base_url: str
    """Where the request says it arrived, ``scheme://host[:port]``."""
    cookies: Mapping[str, str]
    csrf: str | None
    origin: str | None
    fetch_site: str | None
    ip: str | None
    agent: str | None
    request_id: str | None
    again: bool = False
    """The same request asks again while its answer goes on: nobody has done anything with the session."""

    @classmethod
    def of(cls, request: Request) -> BrowserRequest:
        """Read from an HTTP request."""
        headers = request.headers
        return cls(
            method=request.method,
            base_url=str(request.base_url).rstrip("/"),
            cookies=request.cookies,
            csrf=headers.get("x-csrf-token"),
            origin=headers.get("origin"),
            fetch_site=headers.get("sec-fetch-site"),
            ip=request.client.host if request.client else None,
            agent=headers.get("user-agent"),
            request_id=getattr(request.state, "request_id", None),
            again=getattr(request.state, "asked_again", False),
        )


class ByCookie(Protocol):
    """Turns a browser's session into an actor; `access` implements it."""

    async def __call__(self, request: BrowserRequest) -> Actor | None:
        """None when there is no cookie of ours; Unauthenticated when the session is over; Denied when it is forged."""
        ...


async def current_actor(request: Request) -> Actor:
    """The actor of this request (FastAPI dependency; use `ActorDep`)."""
    authenticate: Authenticate = request.app.state.authenticate
    authorization = request.headers.get("authorization")
    by_cookie: ByCookie | None = getattr(request.app.state, "by_cookie", None)
    actor: Actor | None = None
    if authorization is None and by_cookie is not None and "cookie" in request.headers:
        actor = await by_cookie(BrowserRequest.of(request))
    if actor is None:
        actor = await authenticate(
            authorization,
            ip=request.client.host if request.client else None,
            request_id=getattr(request.state, "request_id", None),
        )
    request.state.actor = actor  # a refusal further down is audited with it
    return actor


async def actor_by_now(request: Request) -> Actor:
    """Who a request whose answer goes on is from, asked again. It does not keep an idle session alive.

    Raises:
        Unauthenticated: the token was revoked, or the session is over.
    """
    request.state.asked_again = True
    return await current_actor(request)


ActorDep = Annotated[Actor, Depends(current_actor)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page")]
Cursor = Annotated[str | None, Query(description="`next` of the page before")]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]


def fingerprint(request: Request, body: BaseModel) -> str:
    """What makes a repeated request the same one: method, path, `If-Match` and what the body means."""
    asked = json.dumps(
        [request.headers.get("if-match"), body.model_dump(mode="json")], sort_keys=True
    )
    return request_hash(request.method, request.url.path, asked.encode())


_TAG = re.compile(r'^(?:W/)?"([^"]*)"$')


def if_match(request: Request) -> str | None:
    """The one entity tag in `If-Match`, without quotes; ``None`` when the header is absent.

    Raises:
        BadRequest: the header is not one entity tag.
    """
    value = request.headers.get("if-match")
    if value is None:
        return None
    match = _TAG.match(value.strip())
    if not match:
        raise BadRequest(
            f"If-Match is {value!r}, not one entity tag.",
            remedy='Send the ETag you got, e.g. If-Match: "v7".',
        )
    return match[1]


def tag_like(
    request: Request,
    form: re.Pattern[str],
    what: str,
    *,
    example: str,
    send: str = "Send the ETag you got",
) -> re.Match[str] | None:
    """The entity tag in `If-Match`, read by the form that the tags of `what` have; None when the header is absent.

    Raises:
        BadRequest: the header is not one entity tag, or not of this form.
    """
    tag = if_match(request)
    if tag is None:
        return None
    found = form.fullmatch(tag)
    if found is None:
        raise BadRequest(
            f"If-Match is {tag[:60]!r}, not the entity tag of {what}.",
            remedy=f'{send}, e.g. If-Match: "{example}".',
        )
    return found


def problem_response(problem: ProblemError, request_id: str | None) -> JSONResponse:
    """The problem as `application/problem+json`."""
    return JSONResponse(
        problem.document(request_id),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=problem.headers,
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: these statuses answer with a problem document."""
    return {
        status: {"description": "Problem", "content": {"application/problem+json": {}}}
        for status in statuses
    }
