"""The HTTP application: every error is a problem document, limits hold, denials are audited, OpenAPI is valid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from structlog.testing import capture_logs

from promptops_server.access import users
from promptops_server.access.authenticate import Authenticator
from promptops_server.access.policy import authorise
from promptops_server.app import health
from promptops_server.app.edge import Receive, Scope, Send
from promptops_server.app.http import HttpParts, create_app
from promptops_server.app.installation import ensure_installation
from promptops_server.app.operator_token import create_operator_token
from promptops_server.app.refusals import DenialLog
from promptops_server.audit.read import Filter, read_log
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep
from promptops_server.infra.problems import Conflict, Unavailable
from promptops_server.infra.setting_sections import LimitSettings
from promptops_server.registry.content import MAX_FILE_BYTES


class Thing(BaseModel):
    name: str
    count: int


def things() -> APIRouter:
    api = APIRouter()

    @api.get("/conflict")
    def conflict() -> None:
        raise Conflict("It moved.", remedy="Look again.", current={"version": 3})

    @api.get("/busy")
    def busy() -> None:
        raise Unavailable("Not now.")

    @api.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("the inner secret")

    @api.post("/things")
    def make(actor: ActorDep, thing: Thing) -> Thing:
        return thing

    @api.post("/raw")
    async def raw(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @api.post("/projects/{project}/imports")
    async def imports(project: str, request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @api.post("/users-only")
    def users_only(actor: ActorDep) -> None:
        require(authorise, actor, "user:manage", Resource())

    return api


async def delivery(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


Call = Callable[..., httpx2.Response]


@pytest.fixture
def call(database: Database) -> Call:
    ensure_installation(database)
    app = create_app(
        HttpParts(
            authenticate=Authenticator(database),
            denials=DenialLog(database, per_minute=2),
            limits=LimitSettings(json_bytes=2000, import_bytes=20_000),
            api=(things(),),
            root=(health.router(health.HealthDeps({"a": lambda: None}, {"b": lambda: "tired"})),),
            delivery=delivery,
            console=Path("/nonexistent"),
        )
    )

    def request(method: str, path: str, **kwargs: Any) -> httpx2.Response:
        async def go() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **kwargs)

        return asyncio.run(go())

    return request


def problem(answer: httpx2.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"] == f"urn:promptops:problem:{slug}"
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def bearer(database: Database, user: str, role: str) -> dict[str, str]:
    made = create_operator_token(database, user=user, role=role)
    return {"Authorization": f"Bearer {made.secret}"}


def test_refusals_keep_their_members(call: Call) -> None:
    document = problem(call("GET", "/api/v1/conflict"), 409, "conflict")
    assert document["detail"] == "It moved."
    assert document["remedy"] == "Look again."
    assert document["current"] == {"version": 3}


def test_nothing_there_and_wrong_method_are_problems(call: Call) -> None:
    problem(call("GET", "/api/v1/nothing"), 404, "not-found")
    problem(call("GET", "/nowhere"), 404, "not-found")
    answer = call("DELETE", "/api/v1/conflict")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


def test_an_unexpected_error_tells_nothing_and_is_logged(call: Call) -> None:
    with capture_logs() as logged:
        answer = call("GET", "/api/v1/broken", headers={"X-Request-Id": "abc-1"})
    document = problem(answer, 500, "internal")
    assert "secret" not in json.dumps(document)
    assert document["request_id"] == "abc-1"
    assert [line["event"] for line in logged if line["log_level"] == "error"] == [
        "unexpected_error"
    ]


def test_wrong_fields_are_all_named_and_their_values_are_not_repeated(
    call: Call, database: Database
) -> None:
    answer = call(
        "POST",
        "/api/v1/things",
        json={"count": "hunter2"},
        headers=bearer(database, "ada", "author"),
    )
    document = problem(answer, 422, "invalid")
    assert {error["key"] for error in document["errors"]} == {"body.name", "body.count"}
    assert "hunter2" not in answer.text


def test_broken_json_is_a_bad_request(call: Call, database: Database) -> None:
    headers = {**bearer(database, "ada", "author"), "Content-Type": "application/json"}
    problem(call("POST", "/api/v1/things", content=b"{", headers=headers), 400, "bad-request")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", ""])
def test_json_sent_as_something_else_is_told_to_say_so(
    call: Call, database: Database, kind: str
) -> None:
    headers = {**bearer(database, "ada", "author"), "content-type": kind}
    answer = call("POST", "/api/v1/things", content=b'{"name": "a", "count": 1}', headers=headers)
    document = problem(answer, 422, "invalid")
    assert document["remedy"] == "Send Content-Type: application/json."


def test_without_credentials_nothing_is_told(call: Call) -> None:
    answer = call("POST", "/api/v1/things", json={"name": "a", "count": 1})
    problem(answer, 401, "unauthenticated")
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/raw"])
def test_a_body_over_the_limit_is_refused(call: Call, database: Database, path: str) -> None:
    headers = bearer(database, "ada", "author")
    body = json.dumps({"name": "x" * 3000, "count": 1}).encode()
    document = problem(call("POST", path, content=body, headers=headers), 413, "too-large")
    assert "2,000 bytes" in document["detail"]
    assert (document["limit"], "limits.json_bytes" in document["remedy"]) == (2000, True)

    async def chunks() -> Any:  # without Content-Length
        for at in range(0, len(body), 100):
            yield body[at : at + 100]

    headers["Content-Type"] = "application/json"
    problem(call("POST", path, content=chunks(), headers=headers), 413, "too-large")


def test_an_import_may_be_larger(call: Call) -> None:
    answer = call("POST", "/api/v1/projects/p/imports", content=b"x" * 3000)
    assert answer.json() == {"size": 3000}
    answer = call("POST", "/api/v1/projects/p/imports", content=b"x" * 30_000)
    assert "limits.import_bytes" in problem(answer, 413, "too-large")["remedy"]


def test_a_prompt_file_of_full_size_fits_the_limit_as_json_too() -> None:
    file = "é" * (MAX_FILE_BYTES // 2)
    assert len(json.dumps({"content": file})) <= LimitSettings().json_bytes


def test_request_ids_are_taken_over_only_when_harmless(call: Call) -> None:
    given = call("GET", "/healthz", headers={"X-Request-Id": "trace:1.a_b-c"})
    assert given.headers["x-request-id"] == "trace:1.a_b-c"
    made = call("GET", "/healthz", headers={"X-Request-Id": "a b<script>"})
    assert len(made.headers["x-request-id"]) == 36


def test_every_answer_carries_the_security_headers(call: Call) -> None:
    for path in ("/", "/healthz", "/api/v1/conflict", "/api/v1/broken"):
        with capture_logs():
            headers = call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
    assert call("GET", "/api/v1/conflict").headers["cache-control"] == "no-store"


def test_unavailable_says_when_to_come_back(call: Call) -> None:
    answer = call("GET", "/api/v1/busy")
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "2"


def test_delivery_comes_ahead_of_everything(call: Call) -> None:
    answer = call("GET", "/delivery/v1/p/production")
    assert answer.status_code == 204
    assert "x-request-id" not in answer.headers


def test_without_a_console_the_front_page_tells_where_to_go(call: Call) -> None:
    answer = call("GET", "/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in answer.text


def test_a_tired_part_is_reported_and_does_not_make_the_server_unready(call: Call) -> None:
    answer = call("GET", "/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "parts": {"a": "ok", "b": "tired"}}


def test_a_needed_part_makes_it_unready(database: Database) -> None:
    api = health.router(health.HealthDeps({"database": lambda: "gone"}, {}))
    app = create_app(
        HttpParts(Authenticator(database), DenialLog(database, 1), LimitSettings(), (), (api,))
    )

    async def go() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/readyz")

    answer = asyncio.run(go())
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "gone"}


def test_metrics_count_by_route_template(call: Call) -> None:
    call("GET", "/api/v1/conflict")
    text = call("GET", "/metrics").text
    assert 'method="GET",route="/conflict",status="409"' in text


def denials(database: Database) -> list[dict[str, Any]]:
    with database.read() as conn:
        page = read_log(conn, "installation", Filter(outcome="denied"), limit=50, after=None)
    return [dict(event) for event in page.items]


def test_denials_are_audited_but_cannot_flood_the_log(call: Call, database: Database) -> None:
    headers = bearer(database, "ada", "author")
    for _ in range(5):
        problem(call("POST", "/api/v1/users-only", headers=headers), 403, "denied")
    found = denials(database)
    assert len(found) == 2  # the limit of this fixture, per actor and minute
    assert found[0]["actor"]["name"] == "ada"
    assert found[0]["action"] == "user.manage"
    assert found[0]["rule"] == "role.missing"


def test_openapi_is_a_valid_3_1_document(call: Call) -> None:
    document = call("GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    operation = document["paths"]["/api/v1/things"]["post"]
    assert operation["security"] == [{"token": []}, {"password": []}, {"session": []}]


def test_a_deactivated_users_token_stops(call: Call, database: Database) -> None:
    headers = bearer(database, "ada", "author")
    from promptops_server.infra.actor import SYSTEM

    with database.write() as tx:
        users.set_active(tx, SYSTEM, "ada", False)
    problem(
        call("POST", "/api/v1/things", json={"name": "a", "count": 1}, headers=headers),
        401,
        "unauthenticated",
    )
