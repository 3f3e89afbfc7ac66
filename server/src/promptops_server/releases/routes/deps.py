"""What the routes of releases share: the project asked for, heads in `If-Match`, `Idempotency-Key`, answers."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel

from promptops_server.infra import clock
from promptops_server.infra.actor import Actor
from promptops_server.infra.http import fingerprint, if_match
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.releases.model import Once, Outcome
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.wire import ReleaseMade, made_out

ENVIRONMENTS = "/projects/{project}/environments"
ENVIRONMENT = ENVIRONMENTS + "/{environment}"

_TAG = re.compile(r"r([0-9]{1,15})(?:\.([0-9a-f]{12}))?")


def find_project(deps: ReleaseDeps, actor: Actor, name: str) -> Project:
    """The project, for somebody who may read it. Raises NotFound."""
    require_readable(deps.authorise, actor, name)
    with deps.db.read() as conn:
        return get_project(conn, name)


def expected_head(request: Request) -> int | None:
    """The release number in `If-Match: "r41"`; None when the header is absent.

    An environment's whole tag (`"r41.1f0c9a3e77b2"`) will do; its settings do not count here.

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


def expected_settings(request: Request) -> str | None:
    """The second half of an environment's tag in `If-Match: "r41.1f0c9a3e77b2"`; None when the header is absent.

    Raises:
        BadRequest: another entity tag, or one of a release alone.
    """
    tag = if_match(request)
    if tag is None:
        return None
    match = _TAG.fullmatch(tag)
    if match is None or match[2] is None:
        raise BadRequest(
            f"If-Match is {tag[:40]!r}, which does not say which settings you read.",
            remedy='Send the whole ETag of the environment, e.g. If-Match: "r41.1f0c9a3e77b2".',
            slug="bad-etag",
        )
    return match[2]


HeadDep = Annotated[int | None, Depends(expected_head)]
SettingsDep = Annotated[str | None, Depends(expected_settings)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


def once_of(request: Request, body: BaseModel, key: str | None) -> Once | None:
    """What makes a repeated request the same one; None without an `Idempotency-Key`."""
    return Once(key, fingerprint(request, body)) if key else None


def made(request: Request, response: Response, outcome: Outcome) -> ReleaseMade:
    """The answer for a release that was made, with its tag and place."""
    set_release_headers(request, response, outcome.release.number)
    return made_out(outcome)


def set_release_headers(request: Request, response: Response, number: int) -> None:
    """The entity tag and the address of a release just made, of any route below its environment."""
    root = request.url.path.partition("/projects/")[0]
    project, environment = request.path_params["project"], request.path_params["environment"]
    response.headers["ETag"] = f'"r{number}"'
    response.headers["Location"] = (
        f"{root}/projects/{project}/environments/{environment}/releases/{number}"
    )


def time_of(at: str | None, only_if_head: bool) -> int | None:
    """When a release should happen, in microseconds; None for now.

    Raises:
        Invalid: `at` is no time; or it is missing and `only_if_head`, which has a meaning only later, is not: whoever
            forgot the time must not publish at once.
    """
    if at is not None:
        return moment(at)
    if only_if_head:
        raise Invalid(
            "only_if_head is said without `at`.",
            remedy="Say at which time to publish; or, to publish now, name the release you saw in If-Match.",
            slug="bad-time",
        )
    return None


def moment(text: str) -> int:
    """A time with its offset, in microseconds.

    Raises:
        Invalid: no RFC 3339 time, or one without an offset, which would mean another moment to everybody.
    """
    text = text.strip()
    try:
        if not re.search(r"(?:[zZ]|[+-][0-9]{2}:?[0-9]{2})$", text):
            raise ValueError
        return clock.from_text(text)
    except (ValueError, OverflowError):
        raise Invalid(
            f"at: {text[:60]!r} is no time with an offset (RFC 3339).",
            remedy="Write it like 2026-12-01T09:00:00+08:00 or 2026-12-01T01:00:00Z.",
            slug="bad-time",
        ) from None
