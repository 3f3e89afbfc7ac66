"""Answers of the delivery protocol as ASGI messages: prompts, problems, small bodies, entity tags."""

from __future__ import annotations

from typing import Any

import orjson

from promptops.delivery.header import LIVE, SUSPENDED, Entry, Position
from promptops_server.delivery.environments import Prepared
from promptops_server.delivery.errors import PromptNotLive, PromptSuspended
from promptops_server.delivery.store import Facts
from promptops_server.infra.problems import ProblemError

Header = tuple[bytes, bytes]

REVALIDATE = (b"cache-control", b"private, no-cache")
FOREVER = (b"cache-control", b"private, max-age=31536000, immutable")
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")


def start(status: int, headers: list[Header]) -> dict[str, Any]:
    """The message that begins a response."""
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    """A message with (a piece of) the body."""
    return {"type": "http.response.body", "body": content, "more_body": more}


def length(content: bytes) -> Header:
    """The Content-Length header."""
    return (b"content-length", b"%d" % len(content))


def problem(error: ProblemError, request_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A refusal as `application/problem+json`."""
    content = orjson.dumps(error.document(request_id))
    headers = [PROBLEM, length(content), (b"cache-control", b"no-store")]
    headers.append((b"x-request-id", request_id.encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    return start(error.status, headers), body(content)


def position_tag(position: Position) -> bytes:
    """The entity tag of a snapshot."""
    return f'"{position}"'.encode()


def digest_tag(digest: str) -> bytes:
    """The entity tag of an artifact, and of a prompt that has it."""
    return f'"{digest}"'.encode()


def matches(if_none_match: bytes | None, etag: bytes) -> bool:
    """Whether the client holds this already (weak comparison, as RFC 9110 asks for here)."""
    if if_none_match is None:
        return False
    if if_none_match == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return etag in tags or tags == [b"*"]


def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether a gzip body is welcome."""
    for part in (accept_encoding or b"").lower().split(b","):
        coding, _, quality = part.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return quality.replace(b" ", b"").rstrip(b"0").rstrip(b".") not in (b"q=", b"q=0")
    return False


def live_entry(entry: Entry | None, path: str, facts: Facts) -> Entry:
    """The entry, if it is live.

    Raises:
        PromptSuspended: it was stopped; with the reason.
        PromptNotLive: there is none.
    """
    if entry is not None and entry.state == LIVE:
        return entry
    where = f"{facts.project}/{path} in {facts.name}"
    if entry is not None and entry.state == SUSPENDED:
        raise PromptSuspended(
            f"{where} is suspended: {entry.reason}",
            remedy="Ask whoever suspended it, or use another prompt; a fallback must not be used.",
            reason=entry.reason,
            release=entry.release,
        )
    raise PromptNotLive(
        f"{where} has no live version.",
        remedy="Check the path, or publish a version to this environment.",
    )


def prepare(entry: Entry, facts: Facts, artifact_text: str) -> Prepared:
    """The answer about one live prompt: the artifact's own text, with three members added."""
    added = orjson.dumps(
        {"environment": facts.name, "release": entry.release, "digest": entry.digest}
    )
    content = artifact_text.encode()[:-1] + b"," + added[1:]
    etag = digest_tag(entry.digest)
    headers = [JSON, length(content), (b"etag", etag), REVALIDATE]
    return Prepared(etag, start(200, headers), body(content), len(content) + 500)
