"""What a model says, and what becomes of a request, for `openai_server`; import them from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from support.protocol_server import ScriptedStep


@dataclass(frozen=True)
class Answer:
    """What the model says. `tool_calls` are `(name, arguments as JSON text)`; `usage` is merged over the counted one.

    `reasoning_field` is `reasoning_content` (vLLM, DeepSeek, DashScope) or `reasoning` (OpenRouter, Groq).
    """

    text: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    reasoning: str = ""
    reasoning_field: str = "reasoning_content"
    refusal: str = ""
    finish: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step(ScriptedStep):
    """What becomes of one request. The functions below make them; combine with `dataclasses.replace`."""

    answer: Answer | str | None = None


def error(
    status: int, message: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Step:
    """A refusal in OpenAI's form; `members` are `type`, `code`, `param`."""
    said = {"message": message, "type": None, "param": None, "code": None, **members}
    return Step(status=status, body={"error": said}, headers=headers or {})


def slow(seconds: float) -> Step:
    """An answer that lets itself be waited for."""
    return Step(wait=seconds)


def slow_stream(pause: float) -> Step:
    """Time between the pieces of a stream."""
    return Step(pause=pause)


def rate_limited(retry_after: float | None = None, *, header: str = "retry-after") -> Step:
    """429; `header` may be `retry-after-ms`, whose value is then in milliseconds."""
    headers = {}
    if retry_after is not None:
        value = retry_after * 1000 if header == "retry-after-ms" else retry_after
        headers[header] = f"{value:g}"
    return error(
        429, "Rate limit reached for requests", headers=headers,
        type="requests", code="rate_limit_exceeded",
    )  # fmt: skip


def overloaded() -> Step:
    """503 as OpenAI says it."""
    return error(
        503, "The engine is currently overloaded, please try again later", type="server_error"
    )


def broken() -> Step:
    """500 without any form."""
    return Step(status=500, body=b"<html>Internal Server Error</html>")


def context_too_long() -> Step:
    """400: more tokens than the model takes."""
    return error(
        400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
        type="invalid_request_error", param="messages", code="context_length_exceeded",
    )  # fmt: skip


def invalid_parameter(name: str = "temperature") -> Step:
    """400: a parameter this model does not take."""
    return error(
        400, f"Unsupported parameter: '{name}' is not supported with this model.",
        type="invalid_request_error", param=name, code="unsupported_parameter",
    )  # fmt: skip


def unauthorised() -> Step:
    """401: the key is wrong."""
    return error(
        401, "Incorrect API key provided: sk-wrong.", type="invalid_request_error", code="invalid_api_key"
    )  # fmt: skip


def forbidden() -> Step:
    """403: the key is right and has no access to the model."""
    return error(
        403, "Project `proj_x` does not have access to model `gpt-9`", type="invalid_request_error",
        code="model_not_found",
    )  # fmt: skip


def not_found(model: str = "gpt-9") -> Step:
    """404: no such model."""
    return error(
        404, f"The model `{model}` does not exist or you do not have access to it.",
        type="invalid_request_error", code="model_not_found",
    )  # fmt: skip


def refused(text: str = "I'm sorry, I can't help with that.") -> Step:
    """An answer in which the model refuses."""
    return Step(answer=Answer(refusal=text))


def filtered() -> Step:
    """400: the filter of the provider stopped the prompt (Azure's form)."""
    return error(
        400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        param="prompt", code="content_filter",
        innererror={"code": "ResponsibleAIPolicyViolation"},
    )  # fmt: skip


def cut(after: int = 2) -> Step:
    """The connection breaks after so many chunks of a stream (bytes of a whole answer)."""
    return Step(cut_after=after)


def unfinished(after: int = 2) -> Step:
    """A stream that ends in good order after so many chunks, without finish reason and [DONE]."""
    return Step(stop_after=after)


def malformed(at: int = 1) -> Step:
    """A chunk of a stream (or a whole answer) that is no JSON."""
    return Step(malformed_at=at)


def error_in_stream(at: int = 1) -> Step:
    """A stream that begins well and then says that the server failed."""
    return Step(error_at=at)


def wrong_model(name: str = "another-model") -> Step:
    """An answer by another model than was asked for."""
    return Step(model=name)


def huge(size: int = 20_000_000) -> Step:
    """An answer of so many bytes."""
    return Step(padding=size)


def redirect(to: str) -> Step:
    """307 to another address."""
    return Step(status=307, body=b"", headers={"location": to})
