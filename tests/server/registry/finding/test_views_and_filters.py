"""Lists with filters, saved views and facet counts over HTTP: what is found, who may, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bank import Bank, LiveTable, client, prompt_text
from sqlalchemy import select
from starlette.testclient import TestClient

from promptops_server.audit.tables import audit_event
from promptops_server.infra import clock
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.finding.wanted import moment

LETTER = {"tags": "[Letters, german]", "owners": "['Ada@bank.example']", "model": "openai/gpt-4o"}


@pytest.fixture
def http(bank: Bank) -> Iterator[TestClient]:
    bank.put("claims/letter", prompt_text("Dear customer", **LETTER))
    bank.put("claims/call", prompt_text("Hello", tags="[calls, german]", model="qwen/qwen3-32b"))
    bank.put(
        "kyc", prompt_text("x") + "variants: {claude: {messages: [{role: user, content: y}]}}\n"
    )
    with client(bank.db, LiveTable(staging={}, production={})) as found:
        yield found


def as_(http: TestClient, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}


def paths(http: TestClient, **query: Any) -> list[str]:
    answer = http.get("/projects/bank/prompts", params=query)
    assert answer.status_code == 200, answer.text
    return [p["path"] for p in answer.json()["items"]]


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"tag": "LETTERS"}, ["claims/letter"]),
    ({"tag": ["german", "calls"]}, ["claims/call"]),
    ({"tag": "german", "module": "claims"}, ["claims/call", "claims/letter"]),
    ({"owner": "ADA@bank.example"}, ["claims/letter"]),
    ({"model": "gpt"}, ["claims/letter"]),
    ({"model": "OpenAI/GPT-4o"}, ["claims/letter"]),
    ({"model": "gpt-4o"}, []),
    ({"model": "claude"}, ["kyc"]),
    ({"state": "draft"}, ["claims/call", "claims/letter", "kyc"]),
    ({"state": "published"}, []),
    ({"environment": "production"}, []),
    ({"sort": "changed"}, ["kyc", "claims/call", "claims/letter"]),
    ({"changed_since": "2099-01-01T00:00:00 02:00"}, []),
    ({"changed_since": "1h", "tag": "german"}, ["claims/call", "claims/letter"]),
    ({"q": "german", "model": "qwen"}, ["claims/call"]),
    ({"q": "ada"}, ["claims/letter"]),
    ({"q": "bank.EXAMPLE"}, ["claims/letter"]),
    ({"tag": "nobody-has-it"}, []),
    ({"tag": "letters", "q": "nothing"}, []),
]


def test_filters_narrow_the_list(http: TestClient) -> None:
    for query, found in FILTERS:
        assert paths(http, **query) == found, query


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"state": "live"}, 422, "state"),
    ({"sort": "name"}, 422, "sort"),
    ({"q": "a", "sort": "path"}, 400, "sort"),
    ({"changed_since": "yesterday"}, 400, "duration"),
    ({"changed_since": "99999999999999d"}, 400, "duration"),
    ({"environment": "prod"}, 404, "staging, production"),
    ({"environment": "a\0b"}, 422, "environment"),
    ({"tag": "a\0b"}, 422, "tag"),
    ({"tag": [str(n) for n in range(11)]}, 422, "tag"),
    ({"owner": "x" * 201}, 422, "owner"),
    ({"unknown": "1"}, 422, "unknown"),
    ({"view": "nope"}, 404, "view"),
    ({"limit": "501"}, 422, "limit"),
    ({"cursor": "nonsense"}, 400, "cursor"),
    ({"module": "a//b"}, 400, ""),
]


def test_what_cannot_be_asked_is_refused_with_a_reason(http: TestClient) -> None:
    for query, status, says in REFUSED:
        answer = http.get("/projects/bank/prompts", params=query)
        assert answer.status_code == status, (query, answer.text)
        assert says in answer.text


def test_a_cursor_of_another_order_is_refused(http: TestClient) -> None:
    by_path = http.get("/projects/bank/prompts?limit=1").json()["next"]
    answer = http.get("/projects/bank/prompts", params={"cursor": by_path, "sort": "changed"})
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "7 d", "7days", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        moment(text, 0)


def test_a_moment_is_a_time_or_so_long_ago() -> None:
    now = clock.from_text("2026-01-31T00:00:00Z")
    assert clock.to_text(moment("7d", now)) == "2026-01-24T00:00:00.000000Z"
    assert clock.to_text(moment("90m", now)) == "2026-01-30T22:30:00.000000Z"
    assert moment("2026-01-31T02:00:00+02:00", 0) == moment("2026-01-31T02:00:00 02:00", 0) == now
    assert moment("999999w", now) == 0


def test_facets_count_what_the_filters_find(http: TestClient) -> None:
    facets = http.get("/projects/bank/facets").json()
    counted = {
        kind: {v["value"]: v["prompts"] for v in found["values"]} for kind, found in facets.items()
    }
    assert counted["tag"] == {"german": 2, "letters": 1, "calls": 1}
    assert counted["owner"] == {"ada@bank.example": 1}
    assert counted["family"] == {"gpt": 1, "qwen": 1, "claude": 1}
    assert counted["state"] == {"draft": 3}
    first = http.get("/projects/bank/facets?limit=1").json()["tag"]
    assert first == {"values": [{"value": "german", "prompts": 2}], "more": True}
    http.delete("/projects/bank/prompts/claims/call", headers={"if-match": '"v1"'})
    tags = http.get("/projects/bank/facets").json()["tag"]["values"]
    assert {t["value"]: t["prompts"] for t in tags} == {"german": 1, "letters": 1}
    tags = http.get("/projects/bank/facets?archived=true").json()["tag"]["values"]
    assert {t["value"]: t["prompts"] for t in tags} == {"german": 1, "calls": 1}
    assert http.get("/projects/bank/facets", headers=as_(http, "sam")).status_code == 404


def save(http: TestClient, name: str, as_user: str = "ben", **body: Any) -> Any:
    return http.post(
        "/projects/bank/views", json={"name": name, **body}, headers=as_(http, as_user)
    )


def test_a_view_is_a_list_under_a_name(http: TestClient) -> None:
    query = {"tag": ["german"], "valid": True, "sort": "changed"}
    made = save(http, "german", query=query, columns=["path", "tags"])
    assert made.status_code == 201, made.text
    assert made.json()["query"] == query
    assert (made.json()["maker"], made.json()["shared"]) == ("ben", False)
    assert paths(http, view="german") == ["claims/call", "claims/letter"]
    assert paths(http, view=made.json()["id"], sort="path", module="claims") == [
        "claims/call",
        "claims/letter",
    ]
    assert paths(http, view="german", tag="letters") == ["claims/letter"]
    again = http.get("/projects/bank/views/german")
    assert again.json() == made.json()
    assert again.headers["etag"] == made.headers["etag"] == '"r1"'


def test_a_personal_view_is_nobody_elses_business(http: TestClient, bank: Bank) -> None:
    made = save(http, "mine", query={"q": "secret"}).json()
    for other in ("vera", "ada"):
        seen = http.get("/projects/bank/views", headers=as_(http, other)).json()["items"]
        assert seen == []
        for named in ("mine", made["id"]):
            found = http.get(f"/projects/bank/views/{named}", headers=as_(http, other))
            assert found.status_code == 404
    assert save(http, "mine", "vera", query={}).status_code == 201  # names do not meet
    assert bank.events("view.create") == []


def test_a_shared_view_is_changed_by_its_maker_or_an_administrator(
    http: TestClient, bank: Bank
) -> None:
    assert save(http, "Team", "vera", shared=True, query={"tag": ["german"]}).status_code == 201
    assert paths(http, view="Team") == ["claims/call", "claims/letter"]
    body = {"name": "Team", "shared": True, "query": {"tag": ["calls"]}}
    denied = http.put("/projects/bank/views/Team", json=body)
    assert denied.status_code == 403
    assert denied.json()["rule"] == "view.maker"
    assert http.delete("/projects/bank/views/Team").status_code == 403
    changed = http.put("/projects/bank/views/Team", json=body, headers=as_(http, "ada"))
    assert (changed.status_code, changed.headers["etag"]) == (200, '"r2"')
    assert changed.json()["maker"] == "vera"
    stale = {**as_(http, "vera"), "if-match": '"r1"'}
    assert http.put("/projects/bank/views/Team", json=body, headers=stale).status_code == 409
    assert http.delete("/projects/bank/views/Team", headers=stale).status_code == 409
    gone = http.delete("/projects/bank/views/Team", headers={**stale, "if-match": '"r2"'})
    assert gone.status_code == 204
    assert http.get("/projects/bank/views/Team").status_code == 404
    for action in ("view.create", "view.update", "view.delete"):
        assert bank.events(action) == ["bank/Team"]


def test_sharing_a_personal_view_tells_the_log_nothing_of_what_it_was(
    http: TestClient, bank: Bank
) -> None:
    save(http, "mine", query={"q": "secret"})
    http.put(
        "/projects/bank/views/mine", json={"name": "ours", "shared": True, "query": {"q": "open"}}
    )
    with bank.db.read() as conn:
        body = conn.execute(
            select(audit_event.c.body).where(audit_event.c.action == "view.update")
        ).scalar_one()
    assert json.loads(body)["after"]["query"] == {"q": "open"}
    assert "secret" not in body


def test_names_of_views_are_taken_once(http: TestClient) -> None:
    made = save(http, "team", shared=True).json()
    taken = save(http, "TEAM", "vera", shared=True)
    assert taken.status_code == 409
    assert taken.json()["current"] == {"id": made["id"], "name": "team"}
    assert save(http, "team", "vera").status_code == 201  # her own of that name comes first
    mine = http.get("/projects/bank/views/team", headers=as_(http, "vera")).json()
    assert mine["shared"] is False
    names = http.get("/projects/bank/views?limit=1", headers=as_(http, "vera")).json()
    rest = http.get(
        "/projects/bank/views", params={"cursor": names["next"]}, headers=as_(http, "vera")
    ).json()
    assert len(names["items"] + rest["items"]) == 2


UNSAVED: list[tuple[dict[str, Any], int]] = [
    ({"name": "a b"}, 400),
    ({"name": ""}, 400),
    ({"name": "01234567-89ab-cdef-0123-456789abcdef"}, 400),
    ({"name": "ok", "query": {"nonsense": 1}}, 422),
    ({"name": "ok", "query": {"state": "live"}}, 422),
    ({"name": "ok", "query": {"environment": "prod"}}, 404),
    ({"name": "ok", "query": {"changed_since": "soon"}}, 400),
    ({"name": "ok", "query": {"q": "a", "sort": "path"}}, 400),
    ({"name": "ok", "columns": ["secret"]}, 422),
    ({"name": "ok", "more": 1}, 422),
    ({}, 422),
]


def test_a_view_that_could_not_be_shown_is_not_saved(http: TestClient) -> None:
    for body, status in UNSAVED:
        answer = http.post("/projects/bank/views", json=body)
        assert answer.status_code == status, (body, answer.text)
    assert http.get("/projects/bank/views").json()["items"] == []


def test_a_name_that_no_database_can_hold_is_a_bad_name(http: TestClient) -> None:
    for name in ("\\ud800", "\\u0000"):
        answer = http.post(
            "/projects/bank/views",
            content=f'{{"name": "{name}"}}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 422, answer.text


def test_a_repeated_request_saves_one_view(http: TestClient) -> None:
    key = {"idempotency-key": "k1"}
    first = http.post("/projects/bank/views", json={"name": "a"}, headers=key)
    second = http.post("/projects/bank/views", json={"name": "a"}, headers=key)
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_who_may_not_read_the_project_has_no_views_in_it(http: TestClient) -> None:
    save(http, "team", shared=True)
    stranger = as_(http, "sam")
    for method, url in (
        ("GET", "/projects/bank/views"),
        ("GET", "/projects/bank/views/team"),
        ("DELETE", "/projects/bank/views/team"),
        ("GET", "/projects/bank/activity"),
    ):
        assert http.request(method, url, headers=stranger).status_code == 404
    assert save(http, "mine", "sam").status_code == 404
