"""Rules, promotions and schedules over HTTP: forms, roles, problems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from release_world import World
from starlette.testclient import TestClient
from test_release_routes import client

from promptops_server.releases.routes import router

STAGING, PRODUCTION = "/environments/staging", "/environments/production"


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**(delta or {"hours": 1}))).isoformat()


@pytest.fixture
def ready(world: World) -> World:
    world.put("a", "one")
    world.put("m/b", "one")
    world.publish("a", "m/b")
    return world


def body(**more: Any) -> dict[str, Any]:
    return {"prompts": [{"path": "a"}], "reason": "for a test", **more}


def test_rules_are_shown_as_settings_and_in_words_everywhere(ready: World) -> None:
    with client(ready, "pia") as http:
        patched = http.patch(
            PRODUCTION,
            json={
                "rules": {
                    "only_from": {"environment": "staging"},
                    "freeze": {
                        "periods": [{"until": "2999-01-05T00:00:00+08:00", "reason": "Year-end"}]
                    },
                },
                "reason": "Year-end freeze",
                "ticket": "CHG-1",
            },
        )
        assert patched.status_code == 200, patched.text
        assert patched.json()["rules"]["only_from"] == {"environment": "staging"}
        words = {
            "freeze": "frozen until 2999-01-05T00:00:00+08:00 (Year-end)",
            "only_from": "only versions that are live in staging",
        }
        assert patched.json()["rules_in_words"] == words
        assert http.get(PRODUCTION).json()["rules_in_words"] == words
        assert http.get("/environments").json()["items"][1]["rules_in_words"] == words
        refused = http.post(f"{PRODUCTION}/releases", json=body())
        assert refused.status_code == 403
        assert refused.json()["unmet"][0]["rule"] == "rule.freeze"
        dry = http.post(f"{PRODUCTION}/releases", json=body(dry_run=True, at=soon())).json()
        assert [u["rule"] for u in dry["unmet"]] == ["rule.freeze"]
        lifted = http.patch(PRODUCTION, json={"rules": {"freeze": None}}).json()
        assert set(lifted["rules"]) == {"only_from"}


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({"rules": {"four_eyes": {}}}, 422),
        ({"rules": {"max_prompts": {"prompts": 0}}}, 422),
        ({"rules": {"ticket_required": {"pattern": "(a+)+"}}}, 422),
        ({"rules": {"only_from": {"environment": "nowhere"}}}, 422),
        ({"position": 9}, 422),
        ({"position": 0}, 422),
        ({"colour": "red"}, 422),
        ({"approval_required": False}, 403),
    ],
)
def test_changes_that_cannot_be_are_refused(
    ready: World, patch: dict[str, Any], status: int
) -> None:
    with client(ready, "pia") as http:
        assert http.patch(PRODUCTION, json=patch).status_code == status


def test_who_may_not_change_an_environment(ready: World) -> None:
    for name, status in (("ada", 403), ("vic", 403), ("sam", 404)):
        with client(ready, name) as http:
            assert http.patch(STAGING, json={"position": 2}).status_code == status
            assert http.get("/schedule").status_code == (404 if status == 404 else 200)


def test_promotion_over_http(ready: World) -> None:
    ready.suspend("m/b")
    with client(ready, "pia") as http:
        dry = http.post(f"{PRODUCTION}/promotions", json={"dry_run": True}).json()
        assert (dry["on"], dry["allowed"]) == (0, True)
        assert dry["promoted_from"]["release"] == 2
        assert [line["path"] for line in dry["prompts"]] == ["a"]
        made = http.post(
            f"{PRODUCTION}/promotions",
            json={"from": "staging", "reason": "Promote all", "from_release": 2},
            headers={"if-match": '"r0"'},
        )
        assert made.status_code == 201, made.text
        assert made.headers["etag"] == '"r1"'
        assert made.headers["location"].endswith("/production/releases/1")
        assert made.json()["promoted_from"] == {
            "environment": "staging",
            "release": 2,
            "left_out": [{"path": "m/b", "version": 1, "why": "suspended there: does harm"}],
            "only_here": [],
        }
        again = http.post(f"{PRODUCTION}/promotions", json={"reason": "Promote all"})
        assert (again.status_code, again.json()["type"]) == (
            409,
            "urn:promptops:problem:nothing-to-promote",
        )
        assert again.json()["left_out"][0]["path"] == "m/b"
        for wrong in (
            {"prompts": ["a"], "prune": True},
            {"from": "production"},
            {"prompts": []},
            {"module": "a//b"},
        ):
            answer = http.post(f"{PRODUCTION}/promotions", json={"reason": "wrong", **wrong})
            assert answer.status_code in (400, 422), wrong
    with client(ready, "ada") as http:
        assert http.post(f"{PRODUCTION}/promotions", json={"reason": "mine"}).status_code == 403


def test_a_schedule_is_made_shown_listed_run_and_cancelled(ready: World) -> None:
    with client(ready, "pia") as http:
        made = http.post(f"{PRODUCTION}/releases", json=body(at=soon(), ticket="OPS-1"))
        assert made.status_code == 202, made.text
        said = made.json()
        assert (said["state"], said["actor"], said["ticket"]) == ("scheduled", "pia", "OPS-1")
        assert said["prompts"] == [{"path": "a", "version": 1, "state": "live"}]
        assert said["unmet_now"] == []
        where = f"{PRODUCTION}/schedule/{said['id']}"
        assert made.headers["location"].endswith(where)
        said.pop("unmet_now")
        assert http.get(where).json() == said
        assert http.get("/schedule").json() == {"items": [said], "next": None}
        assert http.get(f"{PRODUCTION}/schedule?state=done").json()["items"] == []
        assert http.get(f"{STAGING}/schedule").json()["items"] == []
        assert http.get(f"{PRODUCTION}/releases").json()["items"] == []
        ran = http.post(f"{where}/run")
        assert (ran.status_code, ran.json()["number"]) == (201, 1)
        assert http.get(where).json()["release"] == 1
        assert http.delete(where).status_code == 409
        second = http.post(
            f"{PRODUCTION}/promotions", json={"reason": "All of it", "at": soon(), "module": "m"}
        ).json()
        assert second["promoted_from"] == {"environment": "staging", "release": 1}
        ended = http.delete(f"{PRODUCTION}/schedule/{second['id']}")
        assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
        assert ended.json()["ended_by"] == "pia"
        for missing in ("nothing", "%00", said["id"][:-1] + "x"):
            assert http.get(f"{PRODUCTION}/schedule/{missing}").status_code == 404


@pytest.mark.parametrize(
    "at", ["tomorrow", "2999-01-01T00:00:00Z", "2027-01-01T09:00:00", "2020-01-01T00:00:00Z", ""]
)
def test_times_that_are_none_are_refused(ready: World, at: str) -> None:
    with client(ready, "pia") as http:
        answer = http.post(f"{PRODUCTION}/releases", json=body(at=at))
        assert (answer.status_code, answer.json()["type"]) == (
            422,
            "urn:promptops:problem:bad-time",
        )


def test_a_viewer_sees_schedules_and_touches_none(ready: World) -> None:
    with client(ready, "pia") as http:
        made = http.post(f"{PRODUCTION}/releases", json=body(at=soon())).json()
    with client(ready, "vic") as http:
        where = f"{PRODUCTION}/schedule/{made['id']}"
        assert http.get(where).status_code == 200
        assert http.delete(where).status_code == 403
        assert http.post(f"{where}/run").status_code == 403
        assert http.post(f"{STAGING}/releases", json=body(at=soon())).status_code == 403


def test_every_rule_is_described_to_clients(world: World) -> None:
    assert any(
        isinstance(route, APIRoute) and "PATCH" in route.methods
        for route in router(world.deps).routes
    )
    with client(world) as http:
        http_client: TestClient = http
        schema = http_client.app.openapi()["components"]["schemas"]  # type: ignore[attr-defined]
    assert "windows" in schema["RulesIn"]["properties"]
    assert schema["OnlyFrom"]["required"] == ["environment"]


def test_of_two_who_add_a_freeze_to_the_same_settings_the_second_is_told(ready: World) -> None:
    def freeze(*reasons: str) -> dict[str, Any]:
        periods = [{"until": "2999-01-05T00:00:00Z", "reason": reason} for reason in reasons]
        return {"rules": {"freeze": {"periods": periods}}}

    with client(ready, "pia") as http:
        read = http.get(PRODUCTION)
        tag = {"if-match": read.headers["etag"]}
        first = http.patch(PRODUCTION, json=freeze("Audit"), headers=tag)
        assert first.status_code == 200
        assert first.headers["etag"] != read.headers["etag"]
        refused = http.patch(PRODUCTION, json=freeze("Year-end"), headers=tag)
        assert refused.status_code == 409
        assert refused.json()["type"].endswith(":settings-changed")
        current = refused.json()["current"]
        assert [p["reason"] for p in current["rules"]["freeze"]["periods"]] == ["Audit"]
        both = http.patch(
            PRODUCTION,
            json=freeze("Audit", "Year-end"),
            headers={"if-match": f'"{current["etag"]}"'},
        )
        assert both.headers["etag"] == http.get(PRODUCTION).headers["etag"]
        assert (
            http.patch(PRODUCTION, json={"position": 1}).status_code == 200
        )  # it need not be said
        assert http.get(PRODUCTION).headers["etag"] != both.headers["etag"]
        for text in ('"r0"', '"v3"', '"r0.1f0c"', "*"):
            bad = http.patch(PRODUCTION, json={"position": 1}, headers={"if-match": text})
            assert bad.status_code == 400, text


def test_settings_do_not_hinder_a_release_nor_a_release_the_settings(ready: World) -> None:
    with client(ready, "pia") as http:
        read = http.get(STAGING).headers["etag"]
        assert http.patch(STAGING, json={"rules": {"max_prompts": {"prompts": 9}}}).is_success
        ready.put("a", "two")
        made = http.post(f"{STAGING}/releases", json=body(), headers={"if-match": read})
        assert (made.status_code, made.headers["etag"]) == (201, '"r2"')
        late = http.post(f"{STAGING}/releases", json=body(), headers={"if-match": read})
        assert late.json()["type"].endswith(":head-moved")
        before = http.get(STAGING).headers["etag"]
        ready.put("a", "three")
        assert http.post(f"{STAGING}/releases", json=body()).is_success
        cleared = http.patch(
            STAGING, json={"rules": {"max_prompts": None}}, headers={"if-match": before}
        )
        assert cleared.status_code == 200


def test_what_is_meant_for_later_and_names_no_time_is_not_done_at_once(ready: World) -> None:
    ready.put("a", "two")
    with client(ready, "pia") as http:
        for address, sent in (
            (f"{STAGING}/releases", body(only_if_head=True)),
            (
                f"{PRODUCTION}/promotions",
                {"from": "staging", "reason": "for a test", "only_if_head": True},
            ),
        ):
            for dry_run in (False, True):
                refused = http.post(address, json={**sent, "dry_run": dry_run})
                assert refused.status_code == 422, refused.text
                assert "without `at`" in refused.json()["detail"]
        assert http.get(STAGING).json()["release"] == 1
