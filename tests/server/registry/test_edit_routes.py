"""Edits and fragments over HTTP: answers, repeats, roles, bad input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from bank import ADMIN, Bank, LiveTable, client, prompt_text, together

from promptops_server.access.policy import authorise
from promptops_server.registry.projects import create_project

LIVE = LiveTable(production={"claims/triage": 1, "letter": 1})
JSON = {"Content-Type": "application/json"}
STYLE = '"{{> house/style@1 }} x"'


@pytest.fixture
def town(bank: Bank) -> Bank:
    bank.put("claims/triage", prompt_text("one"))
    bank.put("claims/triage", prompt_text("two"), parent=1)
    bank.put("house/style", prompt_text("Be kind."))
    bank.put("house/style", prompt_text("Be brief."), parent=1)
    bank.put("letter", prompt_text(STYLE))
    return bank


def test_a_restore_is_answered_like_a_put(town: Bank) -> None:
    with client(town.db, LIVE) as http:
        url = "/projects/bank/restore/claims/triage"
        assert http.post(url, json={"version": 1}).status_code == 428
        stale = http.post(url, json={"version": 1}, headers={"If-Match": '"v1"'})
        assert (stale.status_code, stale.json()["type"]) == (
            409,
            "urn:promptops:problem:stale-version",
        )
        done = http.post(url, json={"version": 1}, headers={"If-Match": '"v2"'})
        assert (done.status_code, done.headers["etag"]) == (201, '"v3"')
        assert done.headers["location"] == "/api/v1/projects/bank/versions/claims/triage@3"
        assert (done.json()["restored"], done.json()["version"]) == (1, 3)
        again = http.post(url, json={"version": 3}, headers={"If-Match": '"v3"'})
        assert (again.status_code, again.json()["version"]) == (200, 3)
        assert http.delete(
            "/projects/bank/prompts/claims/triage", headers={"If-Match": '"v3"'}
        ).is_success
        back = http.post(url, json={})
        assert (back.status_code, back.json()["unarchived"]) == (201, True)


def test_a_repeated_move_gets_the_first_answer(town: Bank) -> None:
    body = {"from": "claims/triage", "to": "motor/", "message": "New module"}
    with client(town.db, LIVE) as http:
        key = {"Idempotency-Key": "k1"}
        first = http.post("/projects/bank/move", json=body, headers=key)
        again = http.post("/projects/bank/move", json=body, headers=key)
        assert (first.status_code, first.json()) == (201, again.json())
        other = http.post("/projects/bank/move", json={**body, "to": "x/"}, headers=key)
        assert other.json()["type"] == "urn:promptops:problem:idempotency-key-reused"
        assert first.json()["prompts"] == [
            {
                "from": "claims/triage",
                "from_version": 2,
                "path": "motor/triage",
                "version": 1,
                "fragment": False,
            }
        ]
        assert first.json()["live"] == [
            {"path": "claims/triage", "environment": "production", "version": 1}
        ]
        assert "production" in first.json()["notice"]
        assert http.post("/projects/bank/move", json=body).status_code == 404
    assert town.events("prompt.move") == ["bank/claims/triage"]


def test_the_same_request_twice_at_once_is_done_once(town: Bank) -> None:
    body = {"from": "letter", "to": "letters/letter"}
    with client(town.db, LIVE) as http:

        def send() -> Any:
            return http.post("/projects/bank/copy", json=body, headers={"Idempotency-Key": "k"})

        answers: list[Any] = together(send, send, send)
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    assert town.events("prompt.copy") == ["bank/letters/letter"]


def test_a_bulk_edit_and_its_preview(town: Bank) -> None:
    body = {
        "select": {"module": "claims"},
        "operations": [
            {"op": "add_tags", "tags": ["urgent"]},
            {"op": "set_owners", "owners": ["maya"]},
        ],
    }
    with client(town.db, LIVE) as http:
        seen = http.post("/projects/bank/bulk", json={**body, "dry_run": True}).json()
        assert (seen["commit"], seen["changed"], seen["dry_run"]) == (None, 1, True)
        assert "+tags:" in seen["items"][0]["diff"]
        done = http.post("/projects/bank/bulk", json=body)
        assert done.status_code == 200, done.text
        assert (done.json()["changed"], done.json()["items"][0]["version"]) == (1, 3)
        refused = http.post(
            "/projects/bank/bulk",
            json={
                "select": {"prompts": [{"path": "letter", "version": 7}, {"path": "none"}]},
                "operations": [{"op": "archive"}],
            },
        )
        assert refused.status_code == 409
        assert [e["path"] for e in refused.json()["errors"]] == ["letter", "none"]


def test_uses_impact_and_upgrade(town: Bank) -> None:
    with client(town.db, LIVE) as http:
        (use,) = http.get("/projects/bank/uses/house/style").json()["items"]
        assert (use["path"], use["pins"][0]["pin"], use["pins"][0]["behind"]) == (
            "letter",
            "1",
            True,
        )
        assert use["live"] == [{"environment": "production", "version": 1}]
        in_env = http.get("/projects/bank/uses/house/style?environment=production&transitive=true")
        assert [i["path"] for i in in_env.json()["items"]] == ["letter"]
        assert http.get("/projects/bank/uses/house/style?environment=x").status_code == 404
        effect = http.get("/projects/bank/impact/house/style?to=2").json()
        assert (effect["to"], effect["items"][0]["changes_behaviour"]) == (2, True)
        assert "+Be brief. x" in effect["items"][0]["diff"]
        wish = {"fragment": "house/style", "from": ["1"], "message": "Brief everywhere"}
        done = http.post("/projects/bank/upgrade-pins", json=wish).json()
        assert done["items"] == [
            {
                "path": "letter",
                "result": "changed",
                "version": 2,
                "reason": "",
                "pins": [{"from": "house/style@1", "to": "house/style@2"}],
                "diff": done["items"][0]["diff"],
                "problems": [],
            }
        ]
        assert done["commit"]


REQUESTS: list[tuple[str, str, Mapping[str, Any] | None]] = [
    ("POST", "/projects/bank/restore/letter", {"version": 1}),
    ("POST", "/projects/bank/copy", {"from": "letter", "to": "x"}),
    ("POST", "/projects/bank/move", {"from": "x", "to": "y"}),
    (
        "POST",
        "/projects/bank/bulk",
        {"select": {"all": True}, "operations": [{"op": "set_model", "model": None}]},
    ),
    ("POST", "/projects/bank/upgrade-pins", {"fragment": "house/style"}),
    ("GET", "/projects/bank/uses/house/style", None),
    ("GET", "/projects/bank/impact/house/style", None),
]


def test_who_may(town: Bank) -> None:
    for name, refusals in (("sam", (404, 404)), ("vera", (200, 403)), ("ben", None)):
        with client(town.db, LIVE, as_=name) as http:
            for method, url, body in REQUESTS:
                headers = {"If-Match": '"v1"'} if "restore" in url else {}
                answer = http.request(method, url, json=body, headers=headers)
                if refusals is None:
                    assert answer.is_success, (url, answer.text)
                else:
                    assert answer.status_code == refusals[method == "POST"], (name, url)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("restore/letter", {"version": 0}),
    ("restore/letter", {"version": "x"}),
    ("restore/letter@1", {"version": 1}),
    ("restore/letter", {"version": 1, "more": 1}),
    ("move", {"from": "letter"}),
    ("move", {"from": "letter", "to": "a\x00b"}),
    ("move", {"from": "", "to": "x"}),
    ("move", {"from": "letter", "to": "x", "to_project": "none"}),
    ("move", {"from": "letter", "to": "x" * 700}),
    ("copy", {"from": "house/", "to": "x", "message": " "}),
    ("copy", {"from": "house/", "to": "x/", "update_pins": True}),
    ("bulk", {"select": {"all": True}, "operations": []}),
    ("bulk", {"select": {}, "operations": [{"op": "archive"}]}),
    ("bulk", {"select": {"all": True}, "operations": [{"op": "explode"}]}),
    ("bulk", {"select": {"all": True}, "operations": [{"op": "add_tags", "tags": ["\x00"]}]}),
    ("bulk", {"select": {"prompts": [{"path": "\ud800"}]}, "operations": [{"op": "archive"}]}),
    ("bulk", {"select": {"module": "a b"}, "operations": [{"op": "archive"}]}),
    ("upgrade-pins", {"fragment": "a b"}),
    ("upgrade-pins", {"fragment": "house/style", "to": "latest"}),
    ("upgrade-pins", {"fragment": "house/style", "by": "name"}),
    ("upgrade-pins", {"fragment": "house/style", "paths": ["none\x00"]}),
]


def test_bad_input_is_a_4xx(town: Bank) -> None:
    with client(town.db, LIVE) as http:
        for url, body in BAD:
            answer = http.post(f"/projects/bank/{url}", content=json.dumps(body), headers=JSON)
            assert 400 <= answer.status_code < 500, (url, body, answer.text)
            assert answer.json()["type"].startswith("urn:promptops:problem:")


def test_a_move_into_a_project_needs_rights_there(town: Bank) -> None:
    create_project(town.db, ADMIN, authorise, "shop")
    body = {"from": "claims/triage", "to": "triage", "to_project": "shop"}
    with client(town.db, LIVE) as http:
        assert http.post("/projects/bank/move", json=body).status_code == 404
    with client(town.db, LIVE, as_="ada") as http:
        assert http.post("/projects/bank/move", json=body).status_code == 201
