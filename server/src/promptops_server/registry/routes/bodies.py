"""The forms in which a prompt is sent and asked for: YAML, its JSON form, or JSON around YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from promptops_server.infra.problems import BadRequest
from promptops_server.registry.errors import NotAcceptable, UnsupportedBody
from promptops_server.registry.json_form import read_json

_YAML_TYPES = frozenset(
    {
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
        "text/x-yaml",
        "text/plain",
        "application/octet-stream",
        "",
    }
)

PUT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "object", "description": "The file itself"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": (
                        "The JSON form of the file, or `{content, message}` with the YAML text, or "
                        "`{prompt, message}` with the JSON form. Next to `messages`, a text "
                        "`message` is the message, unless one is in the query."
                    ),
                }
            },
        },
    }
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A prompt as sent: its file as bytes, or the data of its JSON form."""

    message: str | None
    text: bytes | None = None
    data: Mapping[str, Any] | None = None


def sent_prompt(request: Request, body: bytes, message: str | None) -> Sent:
    """Read a request body by its `Content-Type`.

    Raises:
        UnsupportedBody: neither YAML nor JSON.
        BadRequest: the body is empty, broken JSON, or JSON of another shape.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _YAML_TYPES:
        if not body.strip():
            raise BadRequest("The body is empty.", remedy="Send the prompt file.")
        return Sent(message, text=body)
    if kind != "application/json":
        raise UnsupportedBody(
            f"A prompt cannot be sent as {kind!r}.",
            remedy="Send Content-Type: application/yaml, or application/json for its JSON form.",
        )
    data = read_json(body)
    if not isinstance(data, dict):
        raise BadRequest(
            "The JSON form of a prompt file is an object.",
            remedy='Send {"messages": […]}, or {"content": "the YAML text"}.',
        )
    if "messages" in data:
        if message is None and isinstance(data.get("message"), str):
            message = data.pop("message")
        return Sent(message, data=data)
    content, prompt = data.get("content"), data.get("prompt")
    if message is None and data.get("message") is not None:
        message = data["message"]
        if not isinstance(message, str):
            raise BadRequest("`message` is not a text.")
    if isinstance(content, str) and prompt is None:
        return Sent(message, text=content.encode("utf-8", "surrogatepass"))
    if isinstance(prompt, dict) and content is None:
        return Sent(message, data=prompt)
    return Sent(message, data=data)


def wants_json(request: Request) -> bool:
    """Whether `Accept` prefers JSON; YAML when it takes both alike.

    Raises:
        NotAcceptable: it takes neither.
    """
    header = request.headers.get("accept", "").lower()
    if not header.strip():
        return False
    yaml = json = 0.0
    for part in header.split(","):
        kind, *params = (p.strip() for p in part.split(";"))
        weight = _weight(params)
        if kind == "*/*":
            yaml, json = max(yaml, weight), max(json, weight)
        elif kind == "application/json":
            json = max(json, weight + 0.0001)  # named beats a wildcard of the same weight
        elif kind == "application/*":
            yaml, json = max(yaml, weight), max(json, weight)
        elif kind in ("text/*", *_YAML_TYPES):
            yaml = max(yaml, weight + 0.0001)
    if yaml <= 0.0001 and json <= 0.0001:
        raise NotAcceptable(
            "A prompt file is given as application/yaml or application/json.",
            remedy="Send one of them in Accept.",
        )
    return json > yaml


def _weight(params: list[str]) -> float:
    for param in params:
        if param.startswith("q="):
            try:
                return max(0.0, min(1.0, float(param[2:])))
            except ValueError:
                return 0.0
    return 1.0
