"""What the Anthropic test server is told to answer: what its model says, and what becomes of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from support.protocol_server import ScriptedStep


@dataclass(frozen=True)
class Answer:
    """What the model says. `tool_calls` are `(name, arguments as JSON text)`; `usage` is merged over the counted one.

    `stop` is Anthropic's word for why it ended; empty: `tool_use` where there are calls, else `end_turn`. `redacted`
    adds a block of hidden thinking. `refusal` is the explanation that goes with the stop reason `refusal`.
    """

    text: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    reasoning: str = ""
    redacted: bool = False
    refusal: str = ""
    category: str | None = None
    stop: str = ""
    stop_sequence: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step(ScriptedStep):
    """What becomes of one request. The functions below make them; combine with `dataclasses.replace`."""

    error: tuple[str, str] = ("overloaded_error", "Overloaded")
    """Type and message of the error that comes in the place of an event."""
    answer: Answer | str | None = None


def error(status: int, kind: str, message: str, *, headers: Mapping[str, str] | None = None, **details: Any) -> Step:  # fmt: skip
    """A refusal in Anthropic's form; `details` are its machine-readable part, such as `error_code`."""
    said: dict[str, Any] = {"type": kind, "message": message}
    if details:
        said["details"] = details
    body = {"type": "error", "error": said, "request_id": "req_test"}
    return Step(status=status, body=body, headers=headers or {})


def slow(seconds: float) -> Step:
    """An answer that lets itself be waited for."""
    return Step(wait=seconds)


def slow_stream(pause: float) -> Step:
    """Time between the pieces of a stream."""
    return Step(pause=pause)


def rate_limited(retry_after: float | None = None) -> Step:
    """429, with the seconds to wait where given."""
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return error(429, "rate_limit_error", "This request would exceed your rate limit.", headers=headers)  # fmt: skip


def overloaded() -> Step:
    """529 as Anthropic says it."""
    return error(529, "overloaded_error", "Overloaded")


def broken() -> Step:
    """500 without any form."""
    return Step(status=500, body=b"<html>Internal Server Error</html>")


def context_too_long() -> Step:
    """400: more tokens than the model takes."""
    return error(400, "invalid_request_error", "prompt is too long: 205112 tokens > 200000 maximum")


def too_large() -> Step:
    """413: more bytes than the endpoint takes."""
    return error(413, "request_too_large", "Request exceeds the maximum size")


def invalid_parameter(name: str = "temperature") -> Step:
    """400: a parameter this model does not take."""
    return error(400, "invalid_request_error", f"{name}: Extra inputs are not permitted")


def unauthorised() -> Step:
    """401: the key is wrong."""
    return error(401, "authentication_error", "invalid x-api-key")


def forbidden() -> Step:
    """403: the key is right and has no access to the model."""
    return error(403, "permission_error", "Your API key does not have permission to use the specified resource.")  # fmt: skip


def not_found(model: str = "claude-99") -> Step:
    """404: no such model."""
    return error(404, "not_found_error", f"model: {model}")


def refused(text: str = "This request may violate the usage policy.", category: str | None = None) -> Step:  # fmt: skip
    """An answer that a classifier stopped."""
    return Step(answer=Answer(refusal=text, category=category, stop="refusal"))


def cut(after: int = 3) -> Step:
    """The connection breaks after so many events of a stream (bytes of a whole answer)."""
    return Step(cut_after=after)


def unfinished(after: int = 3) -> Step:
    """A stream that ends in good order after so many events, without `message_stop`."""
    return Step(stop_after=after)


def malformed(at: int = 2) -> Step:
    """An event of a stream (or a whole answer) that is no JSON."""
    return Step(malformed_at=at)


def error_in_stream(at: int = 3, kind: str = "overloaded_error", message: str = "Overloaded") -> Step:  # fmt: skip
    """A stream that begins well and then says that something is wrong."""
    return Step(error_at=at, error=(kind, message))


def wrong_model(name: str = "another-model") -> Step:
    """An answer by another model than was asked for."""
    return Step(model=name)


def huge(size: int = 20_000_000) -> Step:
    """An answer of so many bytes."""
    return Step(padding=size)
