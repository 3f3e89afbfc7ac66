"""The registry over HTTP: names, forms, entity tags, problems."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bank import TRIAGE, Bank, LiveTable, client, prompt_text
from sqlalchemy import func, select
from starlette.testclient import TestClient

from promptops_server.audit.tables import audit_event
from promptops_server.infra.database import Database
from promptops_server.registry.tables import project as project_table
from promptops_server.registry.tables import version as version_table

YAML = {"content-type": "application/yaml"}


@pytest.fixture
def http(bank: Bank) -> Iterator[TestClient]:
    with client(bank.db) as found:
        yield found


def put(http: TestClient, path: str, text: str, tag: str | None = None, **query: str) -> Any:
    headers = {**YAML, **({"if-match": tag} if tag else {})}
    return http.put(f"/projects/bank/prompts/{path}", content=text, headers=headers, params=query)


def test_create_show_and_list_projects(any_database: Database) -> None:
    with client(any_database, as_="ada") as http:
        made = http.post("/projects", json={"name": "bank", "title": "The bank"})
        assert made.status_code == 201
        assert made.headers["location"] == "/api/v1/projects/bank"
        assert made.json()["title"] == "The bank"
        http.post("/projects", json={"name": "clinic"})
        assert http.get("/projects/bank").json() == made.json()
        first = http.get("/projects", params={"limit": 1}).json()
        second = http.get("/projects", params={"limit": 1, "cursor": first["next"]}).json()
        names = [p["name"] for page in (first, second) for p in page["items"]]
        assert (names, second["next"]) == (["bank", "clinic"], None)
        assert [p["name"] for p in http.get("/projects?q=the").json()["items"]] == ["bank"]
    with client(any_database, as_="ben") as http:
        assert [p["name"] for p in http.get("/projects").json()["items"]] == ["bank"]
        assert http.get("/projects/clinic").status_code == 404
        assert http.post("/projects", json={"name": "mine"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Bank"}, 409),
        ({"name": "bank"}, 409),
        ({"name": "a/b"}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 101}, 400),
        ({"name": "ok", "title": "t" * 201}, 400),
        ({"name": "ok", "unknown": 1}, 422),
        ({}, 422),
    ],
)
def test_bad_projects_are_refused(small_bank: Bank, body: dict[str, Any], status: int) -> None:
    with client(small_bank.db, as_="ada") as http:
        answer = http.post("/projects", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    with small_bank.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(project_table)).scalar() == 1


def test_a_repeated_post_gets_its_first_answer(bank: Bank) -> None:
    with client(bank.db, as_="ada") as http:
        key = {"idempotency-key": "k1"}
        first = http.post("/projects", json={"name": "clinic"}, headers=key)
        again = http.post("/projects", json={"name": "clinic"}, headers=key)
        assert (again.status_code, again.json()) == (201, first.json())
        assert http.post("/projects", json={"name": "other"}, headers=key).status_code == 409
        body = {"prompts": [{"path": "a", "content": TRIAGE}]}
        key = {"idempotency-key": "k2"}
        first = http.post("/projects/bank/imports", json=body, headers=key)
        again = http.post("/projects/bank/imports", json=body, headers=key)
        assert (first.json()["created"], again.json()) == (1, first.json())


def test_put_get_and_change(http: TestClient) -> None:
    made = put(http, "claims/motor/triage", TRIAGE, message="First")
    assert made.status_code == 201
    assert made.headers["etag"] == '"v1"'
    assert made.headers["location"] == "/api/v1/projects/bank/versions/claims/motor/triage@1"
    fields = made.json()
    assert fields["address"] == "bank/claims/motor/triage@1"
    assert (fields["path"], fields["version"], fields["parent"]) == ("claims/motor/triage", 1, None)
    assert (fields["author"], fields["message"], fields["state"]) == ("ben", "First", "draft")
    assert fields["behaviour"].startswith("sha256:")
    got = http.get("/projects/bank/prompts/claims/motor/triage")
    assert (got.text, got.headers["etag"]) == (TRIAGE, '"v1"')
    assert got.headers["content-type"].startswith("application/yaml")
    changed = put(http, "claims/motor/triage", TRIAGE + "owners: [ben]\n", got.headers["etag"])
    assert (changed.status_code, changed.json()["version"]) == (201, 2)
    same = put(http, "claims/motor/triage", TRIAGE + "owners: [ben]\n", '"v2"')
    assert (same.status_code, same.json()["version"]) == (200, 2)
    one = http.get(made.headers["location"].removeprefix("/api/v1")).json()
    assert one == {**fields, "content": TRIAGE, "moved_to": None}


def test_not_modified(http: TestClient) -> None:
    put(http, "a", TRIAGE)
    url = "/projects/bank/prompts/a"
    assert http.get(url, headers={"if-none-match": '"v1"'}).status_code == 304
    assert http.get(url, headers={"if-none-match": '"v0", W/"v1"'}).status_code == 304
    assert http.get(url, headers={"if-none-match": '"v2"'}).status_code == 200
    one = http.get("/projects/bank/versions/a@1")
    tag = {"if-none-match": one.headers["etag"]}
    assert http.get("/projects/bank/versions/a@1", headers=tag).status_code == 304


def test_the_json_form_goes_back_and_forth_and_keeps_comments(http: TestClient) -> None:
    put(http, "a", TRIAGE)
    got = http.get("/projects/bank/prompts/a", headers={"accept": "application/json"})
    data = got.json()
    assert data["messages"][1] == {"role": "user", "content": "{{ claim }}"}
    data["messages"][0]["content"] = "Sort it."
    data["modelParameters"] = {"temperature": 0.5}
    del data["tags"]
    headers = {"if-match": got.headers["etag"]}
    put_back = http.put("/projects/bank/prompts/a", json=data, headers=headers)
    assert put_back.status_code == 201
    text = http.get("/projects/bank/prompts/a").text
    assert text.startswith("# Sorts incoming claims.\nname: Triage\n")
    assert "content: Sort it.   # one word\n" in text
    assert "tags" not in text
    assert "temperature: 0.5" in text
    new = http.put("/projects/bank/prompts/b", json={**data, "message": "From JSON"})
    assert new.json()["message"] == "From JSON"
    assert "message:" not in http.get("/projects/bank/prompts/b").text


@pytest.mark.parametrize(
    "body",
    [
        {"content": TRIAGE, "message": "M"},
        {"prompt": {"messages": [{"role": "user", "content": "hi"}]}, "message": "M"},
    ],
)
def test_json_may_carry_the_file_and_its_message(http: TestClient, body: dict[str, Any]) -> None:
    made = http.put("/projects/bank/prompts/a", json=body)
    assert (made.status_code, made.json()["message"]) == (201, "M")


def test_a_conflict_over_http_shows_both(http: TestClient) -> None:
    put(http, "a", prompt_text("one"))
    put(http, "a", prompt_text("two"), '"v1"')
    refused = put(http, "a", prompt_text("mine"), '"v1"')
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "urn:promptops:problem:stale-version")
    assert problem["current"]["content"] == prompt_text("two")
    assert problem["yours"]["content"] == prompt_text("mine")
    asked = put(http, "a", prompt_text("mine"))
    assert (asked.status_code, asked.json()["latest"]) == (428, 2)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"messages: [", YAML, 422),
        (b"", YAML, 400),
        (b"\xff\xfe\x00", YAML, 422),
        (b"&a [*a]", YAML, 422),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[1]", {"content-type": "application/json"}, 400),
        (b'{"messages": NaN}', {"content-type": "application/json"}, 400),
        (b'{"messages": []}', {"content-type": "application/json"}, 422),
        (b'{"content": "messages: ["}', {"content-type": "application/json"}, 422),
        (b'{"messages": "\\ud800"}', {"content-type": "application/json"}, 422),
        (b"[" * 100_000, {"content-type": "application/json"}, 400),
        (b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (TRIAGE.encode(), {**YAML, "if-match": "v1"}, 400),
        (TRIAGE.encode(), {**YAML, "if-match": '"7"'}, 400),
        (TRIAGE.encode(), {**YAML, "if-match": '"v1"'}, 409),
        (b"#" * (1024 * 1024 + 1), YAML, 413),
        (b"#" * (4 * 1024 * 1024 + 1), YAML, 413),
    ],
)
def test_bad_bodies_are_refused_and_store_nothing(
    small_bank: Bank, content: bytes, headers: dict[str, str], status: int
) -> None:
    with client(small_bank.db) as http:
        answer = http.put("/projects/bank/prompts/a", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    with small_bank.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(version_table)).scalar() == 0


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/projects/none/prompts", 404),
        ("/projects/bank/prompts/none", 404),
        ("/projects/bank/prompts/a@9", 404),
        ("/projects/bank/prompts/a@production", 404),
        ("/projects/bank/prompts/a@abcdef0", 404),
        ("/projects/bank/prompts/a@0", 400),
        ("/projects/bank/prompts/a@", 400),
        ("/projects/bank/prompts/a@main", 400),
        ("/projects/bank/prompts/a@1@2", 400),
        ("/projects/bank/prompts/%2e%2e/etc", 400),
        ("/projects/bank/prompts/a%00b", 400),
        ("/projects/bank/versions/none", 404),
        ("/projects/bank/versions/a?cursor=x", 400),
        ("/projects/bank/versions/a?limit=0", 422),
        ("/projects/bank/prompts?archived=maybe", 422),
        ("/projects/bank/prompts?module=a//b", 400),
        ("/projects/bank/diff/a?from=9", 404),
        ("/projects/bank/diff/none", 404),
        ("/projects/bank/diff/a?to=b/c@", 400),
    ],
)
def test_wrong_addresses_are_refused(small_bank: Bank, url: str, status: int) -> None:
    small_bank.put("a", TRIAGE)
    with client(small_bank.db) as http:
        answer = http.get(url)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_sees_what(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    with client(bank.db, as_="sam") as http:
        for url in ("prompts", "prompts/a", "versions/a", "diff/a", "modules"):
            assert http.get(f"/projects/bank/{url}").status_code == 404
        assert put(http, "b", TRIAGE).status_code == 404
        assert http.delete("/projects/bank/prompts/a").status_code == 404
        assert http.post("/projects/bank/imports", json={"prompts": []}).status_code == 404
    with client(bank.db, as_="vera") as http:
        assert http.get("/projects/bank/prompts/a").status_code == 200
        assert put(http, "b", TRIAGE).status_code == 403
        assert http.delete("/projects/bank/prompts/a").status_code == 403
        assert http.post("/projects/bank/imports", json={"prompts": []}).status_code == 403
    with client(bank.db, as_="nobody") as http:
        assert http.get("/projects/bank/prompts/a").status_code == 401
    with bank.db.read() as conn:
        denied = select(func.count()).where(audit_event.c.outcome == "denied")
        assert conn.execute(denied).scalar() == 3


def test_lists_say_what_is_live(bank: Bank) -> None:
    bank.put("claims/a", TRIAGE)
    bank.put("claims/a", prompt_text("two"), parent=1)
    bank.put("b", TRIAGE)
    live = LiveTable(production={"claims/a": 1}, staging={"claims/a": 2})
    with client(bank.db, live) as http:
        items = http.get("/projects/bank/prompts").json()["items"]
        assert [(i["path"], i["version"]) for i in items] == [("b", 1), ("claims/a", 2)]
        assert items[1]["live"] == [
            {"environment": "production", "version": 1},
            {"environment": "staging", "version": 2},
        ]
        assert items[0]["tags"] == ["claims", "Motor"]
        versions = http.get("/projects/bank/versions/claims/a").json()["items"]
        assert [(v["version"], v["state"], v["live"]) for v in versions] == [
            (2, "published", ["staging"]),
            (1, "published", ["production"]),
        ]
        assert http.get("/projects/bank/prompts/claims/a@production").text == TRIAGE
        assert http.get("/projects/bank/prompts/b@production").status_code == 404
        commit = versions[1]["commit"][:10]
        assert http.get(f"/projects/bank/prompts/claims/a@{commit}").text == TRIAGE
        assert http.get("/projects/bank/modules").json()["items"] == [{"path": "claims"}]
        page = http.get("/projects/bank/versions/claims/a", params={"limit": 1}).json()
        assert len(page["items"]) == 1
        rest = {"limit": 1, "cursor": page["next"]}
        assert http.get("/projects/bank/versions/claims/a", params=rest).json()["next"] is None


def test_differences(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    bank.put("a", TRIAGE.replace("gpt-4o", "gpt-5"), parent=1)
    bank.put("m/b", TRIAGE)
    with client(bank.db, LiveTable(production={"a": 1})) as http:
        for query in (
            "",
            "?from=1&to=2",
            "?from=v1&to=v2",
            "?from=production",
            "?from=m/b@1&to=a@2",
        ):
            found = http.get(f"/projects/bank/diff/a{query}").json()
            assert found["changes"] == [
                {
                    "key": "model",
                    "kind": "changed",
                    "before": "openai/gpt-4o",
                    "after": "openai/gpt-5",
                }
            ]
            assert "-model: openai/gpt-4o\n+model: openai/gpt-5\n" in found["text"]
            assert found["to"]["version"] == 2
        first = http.get("/projects/bank/diff/a?to=1").json()
        assert first["from"] is None
        assert {c["kind"] for c in first["changes"]} == {"added"}


def test_archive_and_bring_back(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    with client(bank.db, LiveTable(production={"a": 1})) as http:
        url = "/projects/bank/prompts/a"
        assert http.delete(url).status_code == 428
        assert http.delete(url, headers={"if-match": '"v2"'}).status_code == 409
        gone = http.delete(url, headers={"if-match": '"v1"'}, params={"message": "Not used"})
        assert gone.status_code == 200
        assert gone.json()["message"] == "Not used"
        assert gone.json()["live"] == [{"environment": "production", "version": 1}]
        assert "production" in gone.json()["notice"]
        missing = http.get(url)
        assert (missing.status_code, missing.json()["latest"]) == (404, 1)
        assert http.delete(url, headers={"if-match": '"v1"'}).status_code == 404
        assert http.get(url + "@1").text == TRIAGE
        one = http.get("/projects/bank/versions/a@1").json()
        assert (one["archived"], one["state"]) == (True, "published")
        back = put(http, "a", TRIAGE)
        assert (back.status_code, back.json()["version"]) == (201, 2)
        assert back.json()["message"] == "Create a"
    assert bank.events("prompt.archive") == ["bank/a"]


def test_import_over_http(http: TestClient) -> None:
    body = {
        "message": "All of them",
        "prompts": [{"path": f"m{i % 3}/p{i}", "content": TRIAGE} for i in range(30)]
        + [{"path": "bad", "content": "messages: ["}],
    }
    done = http.post("/projects/bank/imports", json=body).json()
    assert (done["created"], done["refused"]) == (30, 1)
    assert done["items"][-1]["problems"][0]["line"] == 1
    versions = http.get("/projects/bank/versions/m0/p0").json()["items"]
    assert [(v["commit"], v["message"]) for v in versions] == [(done["commit"], "All of them")]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"prompts": {}}', b'{"prompts": [{"path": 1}]}', b'{"prompts": []}'],
)
def test_bad_imports_are_refused(small_bank: Bank, body: bytes) -> None:
    with client(small_bank.db) as http:
        answer = http.post("/projects/bank/imports", content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_route_is_described(small_bank: Bank) -> None:
    with client(small_bank.db) as http:
        app: Any = http.app
        described = json.loads(json.dumps(app.openapi()))
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert {"401"} <= operation["responses"].keys()
