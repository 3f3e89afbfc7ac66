"""Emergencies over HTTP: invoked by a publish, listed, shown, ratified, refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from fastapi import FastAPI
from release_world import APPROVED, AUTHOR, PUBLISHER, World, actor_with
from starlette.testclient import TestClient

from promptops_server.app import refusals
from promptops_server.infra.actor import Actor
from promptops_server.releases.emergency.ratify import EmergencyDeps
from promptops_server.releases.emergency.routes import router as emergencies
from promptops_server.releases.routes import router

ACTORS = {
    actor.name: actor
    for actor in (
        AUTHOR,
        PUBLISHER,
        actor_with("emergency", name="eve"),
        actor_with("approver", name="app"),
        actor_with("viewer", name="out", project="elsewhere"),
    )
}
RELEASES = "/environments/production/releases"
R2 = "/environments/production/emergencies/2"
WANTED: dict[str, Any] = {
    "prompts": [{"path": "a", "version": 2}],
    "reason": "claims are stuck",
    "emergency": {"incident": "INC-123"},
}


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    return ACTORS[(authorization or "").removeprefix("Bearer ")]


def client(world: World, as_: str) -> TestClient:
    app = FastAPI()
    app.state.authenticate = _by_name
    refusals.install(app, refusals.DenialLog(world.db, per_minute=100))
    app.include_router(router(world.deps), prefix="/api/v1")
    app.include_router(emergencies(EmergencyDeps(world.deps)), prefix="/api/v1")
    return TestClient(
        app,
        base_url=f"http://testserver/api/v1/projects/{world.project.name}",
        headers={"authorization": f"Bearer {as_}"},
    )


@pytest.fixture
def ready(sqlite_world: World) -> World:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a", to="production", actor=PUBLISHER)
    sqlite_world.put("a", "two")
    sqlite_world.papers.known["a", 2] = dataclasses.replace(APPROVED, progress=None, request=None)
    return sqlite_world


def test_an_emergency_from_publish_to_ratification(ready: World) -> None:
    eve, app = client(ready, "eve"), client(ready, "app")
    plain = {key: value for key, value in WANTED.items() if key != "emergency"}
    assert eve.post(RELEASES, json=plain).status_code == 403
    preview = eve.post(RELEASES, json={**WANTED, "dry_run": True})
    assert (preview.status_code, preview.json()["unmet"]) == (200, [])
    made = eve.post(RELEASES, json=WANTED, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    again = eve.post(RELEASES, json=WANTED, headers={"Idempotency-Key": "k"})
    assert again.json()["number"] == made.json()["number"] == 2
    shown = app.get(R2).json()
    assert (shown["state"], shown["incident"], shown["missing"]) == (
        "open",
        "INC-123",
        {"count": 1, "from_risk": False},
    )
    denied = eve.post(f"{R2}/ratify", json={"reason": "Mine"})
    assert (denied.status_code, denied.json()["action"]) == (403, "emergency:ratify")
    done = app.post(f"{R2}/ratify", json={"reason": "Right fix"})
    assert (done.status_code, done.json()["state"], done.json()["missing"]) == (
        200,
        "ratified",
        None,
    )
    page = app.get("/emergencies?state=ratified&environment=production").json()
    assert [item["release"] for item in page["items"]] == [2]
    assert app.post(f"{R2}/refuse", json={"reason": "too late"}).status_code == 409


def test_a_refusal_names_the_release_that_took_it_back(ready: World) -> None:
    client(ready, "eve").post(RELEASES, json=WANTED)
    done = client(ready, "app").post(f"{R2}/refuse", json={"reason": "Makes it worse"}).json()
    assert (done["state"], done["ended_release"]) == ("rolled_back", 3)
    assert done["decisions"][0]["verdict"] == "refuse"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"emergency": {}}, "incident"),
        ({"emergency": {"incident": ""}}, "names its incident"),
        ({"emergency": {"incident": "a\nb"}}, "one line"),
        ({"emergency": {"incident": "x" * 201}}, "200"),
        ({"emergency": {"incident": "I", "more": 1}}, "more"),
        ({"at": "2031-01-01T00:00:00Z"}, "not at a time"),
    ],
)
def test_what_makes_no_emergency_is_invalid(
    ready: World, change: dict[str, Any], words: str
) -> None:
    answer = client(ready, "eve").post(RELEASES, json={**WANTED, **change})
    assert answer.status_code == 422
    assert words in answer.text


def test_nothing_is_shown_to_those_who_may_not_read(ready: World) -> None:
    client(ready, "eve").post(RELEASES, json=WANTED)
    out = client(ready, "out")
    for path in ("/emergencies", R2):
        assert out.get(path).status_code == 404
    assert out.post(f"{R2}/ratify", json={"reason": "Right"}).status_code == 404
    assert client(ready, "app").get("/environments/production/emergencies/1").status_code == 404
