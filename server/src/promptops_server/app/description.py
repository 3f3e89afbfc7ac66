"""What the OpenAPI description says of every operation alike: sign-in, and the problem documents it may answer with."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from promptops_server.access.sign_in.browser import COOKIE as SESSION_COOKIE
from promptops_server.access.sign_in.browser import SECURE_COOKIE

_PROBLEM = {
    "title": "Problem",
    "description": "Problem details (RFC 9457). Further members depend on `type`.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable: `urn:promptops:problem:…`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, and where"},
        "remedy": {"type": "string", "description": "What to do"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "description": "Each wrong place"},
    },
}
_ANSWER = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_EVERYWHERE = (400, 401, 422, 429, 500, 503)
_WITH_BODY = (413,)


PATH = "/openapi.json"


@dataclass(frozen=True, slots=True)
class Described:
    """The description as it is kept: its text, and the methods of each path. As objects it takes thirty times the room."""

    text: bytes
    methods: Mapping[str, tuple[str, ...]]


def describe(app: FastAPI, *, prefix: str) -> None:
    """Complete the description of `app` for the operations under `prefix`, and answer with it at `PATH`."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        app.openapi_schema = None  # where FastAPI would keep it
        _complete(document, prefix)
        return document

    async def answer(_request: Request) -> Response:
        found = await run_in_threadpool(described, app)
        return Response(found.text, media_type="application/json")

    app.openapi = openapi  # type: ignore[method-assign]
    app.add_route(PATH, answer, include_in_schema=False)


def described(app: FastAPI) -> Described:
    """The description of an application, made when it is first asked for."""
    found: Described | None = getattr(app.state, "described", None)
    if found is None:
        document = app.openapi()
        found = app.state.described = Described(
            json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            {
                path: tuple(method.upper() for method in operations)
                for path, operations in document["paths"].items()
            },
        )
        del document
        gc.collect()  # what making it took hangs together in circles
    return found


def _complete(schema: dict[str, Any], prefix: str) -> None:
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "password": {"type": "http", "scheme": "basic"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": f"Set by POST /api/v1/session; over https it is called {SECURE_COOKIE}. "
            "Unsafe requests also need X-CSRF-Token.",
        },
    }
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form, never sent
        schemas.pop(unused, None)
    _lift_definitions(schema["paths"], schemas)
    for path, operations in schema["paths"].items():
        if not path.startswith(prefix):
            continue
        for operation in operations.values():
            operation["security"] = [{"token": []}, {"password": []}, {"session": []}]
            _add_problems(operation)


def _lift_definitions(node: Any, schemas: dict[str, Any]) -> None:
    """Move the `$defs` of bodies that routes describe themselves to the components.

    `#/$defs/…` counts from the top of the document, where there are none.
    """
    if isinstance(node, list):
        for item in node:
            _lift_definitions(item, schemas)
    elif isinstance(node, dict):
        for name, definition in node.pop("$defs", {}).items():
            _lift_definitions(definition, schemas)
            schemas.setdefault(name, definition)
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            node["$ref"] = "#/components/schemas/" + reference.removeprefix("#/$defs/")
        for value in node.values():
            _lift_definitions(value, schemas)


def _add_problems(operation: dict[str, Any]) -> None:
    statuses = _EVERYWHERE + (_WITH_BODY if "requestBody" in operation else ())
    responses = operation["responses"]
    described = (int(status) for status in responses if status.isdigit())
    for status in sorted({*statuses, *(s for s in described if s >= 400)}):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": _ANSWER}
