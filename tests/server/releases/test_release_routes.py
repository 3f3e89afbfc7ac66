"""Environments and releases over HTTP: forms, entity tags, dry runs, problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from release_world import AUTHOR, PUBLISHER, VIEWER, World, actor_with
from sqlalchemy import select
from starlette.testclient import TestClient

from promptops_server.app import refusals
from promptops_server.audit.read import entries_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.cursor import encode
from promptops_server.infra.problems import Unauthenticated
from promptops_server.releases.routes import router

ACTORS = {
    "ada": AUTHOR,
    "pia": PUBLISHER,
    "vic": VIEWER,
    "sam": actor_with("author", name="sam", project="elsewhere"),
    "root": Actor(subject="id-of-root", name="root", admin=True),
}
STAGING = "/environments/staging"


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    actor = ACTORS.get((authorization or "").removeprefix("Bearer "))
    if actor is None:
        raise Unauthenticated("There is no such token.")
    return actor


def client(world: World, as_: str = "ada") -> TestClient:
    """A client of the routes under this project."""
    app = FastAPI()
    app.state.authenticate = _by_name
    refusals.install(app, refusals.DenialLog(world.db, per_minute=100))
    app.include_router(router(world.deps), prefix="/api/v1")
    return TestClient(
        app,
        base_url=f"http://testserver/api/v1/projects/{world.project.name}",
        headers={"authorization": f"Bearer {as_}"},
    )


@pytest.fixture
def http(world: World) -> Iterator[TestClient]:
    world.put("a", "one")
    world.put("a", "two")
    world.put("m/b", "one")
    with client(world) as found:
        yield found


def publish(http: TestClient, *paths: str, **more: Any) -> Any:
    headers = more.pop("headers", {})
    body = {"prompts": [{"path": path} for path in paths], "reason": "for a test", **more}
    return http.post(f"{STAGING}/releases", json=body, headers=headers)


def test_publish_show_and_list(http: TestClient) -> None:
    made = publish(http, "a", "m/b", ticket="OPS-1")
    assert made.status_code == 201
    assert made.headers["etag"] == '"r1"'
    said = made.json()
    assert said["prompts"] == [
        {"path": "a", "state": "live", "version": 2, "previous": None},
        {"path": "m/b", "state": "live", "version": 1, "previous": None},
    ]
    assert (said["number"], said["kind"], said["actor"]) == (1, "publish", "ada")
    assert (said["delivery"], said["ticket"], said["changed"]) == ("applied", "OPS-1", 2)
    again = http.get(made.headers["location"].partition("/retail-bank")[2]).json()
    seal = again.pop("seal")
    assert seal["key"] and seal["signature"] and len(seal["hash"]) == 64
    assert again == {k: v for k, v in said.items() if k not in ("unchanged", "kept", "seal")}
    listed = http.get(f"{STAGING}/releases").json()
    assert listed == {"items": [{**again, "delivery": None, "seal": None}], "next": None}
    assert http.get(f"{STAGING}/releases/2").status_code == 404


def test_what_is_live_now_and_was_earlier(http: TestClient) -> None:
    publish(http, "a")
    first = http.get(STAGING)
    assert first.headers["etag"].startswith('"r1.')
    publish(http, "m/b")
    page = http.get(STAGING, params={"limit": 1}).json()
    assert (page["release"], page["count"], page["approval_required"]) == (2, 2, False)
    assert [(item["path"], item["actor"]) for item in page["items"]] == [("a", "ada")]
    rest = http.get(STAGING, params={"limit": 1, "cursor": page["next"]}).json()
    assert [(i["path"], i["version"], i["release"]) for i in rest["items"]] == [("m/b", 1, 2)]
    assert rest["next"] is None
    moment = first.json()["at"]["acknowledged_at"]
    for at in ("r1", "1", moment):
        was = http.get(STAGING, params={"at": at}).json()
        assert was["at"] == {"release": 1, "acknowledged_at": moment}
        assert [item["path"] for item in was["items"]] == ["a"]
    assert http.get(STAGING, params={"at": "yesterday"}).status_code == 400
    assert http.get(STAGING, params={"at": "r3"}).status_code == 404


def test_what_will_be_live_cannot_be_asked(http: TestClient) -> None:
    answer = http.get(f"{STAGING}?at=2100-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert "in the future" in answer.json()["detail"]


def test_the_entity_tag_holds_the_head(http: TestClient) -> None:
    assert publish(http, "a", headers={"if-match": '"r0"'}).status_code == 201
    late = publish(http, "m/b", headers={"if-match": '"r0"'})
    assert late.status_code == 409
    assert late.json()["type"] == "urn:promptops:problem:head-moved"
    assert late.json()["current"] == {"release": 1, "etag": "r1"}
    assert publish(http, "m/b", headers={"if-match": '"v1"'}).status_code == 400
    assert publish(http, "m/b", headers={"if-match": '"r1"'}).status_code == 201
    again = publish(http, "m/b")
    assert (again.status_code, again.json()["type"]) == (
        409,
        "urn:promptops:problem:nothing-to-publish",
    )


def test_a_dry_run_shows_the_difference_and_what_stands_in_its_way(http: TestClient) -> None:
    publish(http, "a", "m/b")
    http.post(f"{STAGING}/rollback", json={"path": "a", "reason": "no"})
    body = {"prompts": [{"path": "a", "version": 1}, {"path": "m/b"}], "dry_run": True}
    answer = http.post(f"{STAGING}/releases", json=body)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["dry_run"], said["on"], said["allowed"], said["unmet"]) == (True, 1, True, [])
    (line,) = said["prompts"]
    assert (line["path"], line["version"], line["previous"]) == ("a", 1, 2)
    assert line["keys"] == ["messages[0].content"]
    assert "--- a@2\n+++ a@1\n" in line["diff"]
    assert "-    content: two\n+    content: one\n" in line["diff"]
    assert said["unchanged"] == [{"path": "m/b", "version": 1}]
    refused = http.post("/environments/production/releases", json=body).json()
    assert refused["allowed"] is False
    assert {u["rule"] for u in refused["unmet"]} == {"role.missing"}
    assert refused["prompts"][0]["previous"] is None
    assert http.get(STAGING).json()["release"] == 1
    assert http.get("/environments/production").json()["release"] == 0


def test_rollback_suspend_and_unpublish(http: TestClient) -> None:
    body = {"prompts": [{"path": "a", "version": 1}], "reason": "first"}
    http.post(f"{STAGING}/releases", json=body)
    publish(http, "a")
    dry = http.post(f"{STAGING}/rollback", json={"path": "a", "dry_run": True})
    assert (dry.status_code, dry.json()["prompts"][0]["version"]) == (200, 1)
    back = http.post(f"{STAGING}/rollback", json={"path": "a", "reason": "was better"})
    assert (back.status_code, back.json()["kind"]) == (201, "rollback")
    whole = http.post(f"{STAGING}/rollback", json={"to_release": 2, "reason": "or not"})
    assert whole.json()["prompts"] == [{"path": "a", "state": "live", "version": 2, "previous": 1}]
    stopped = http.post(f"{STAGING}/suspend", json={"prompts": ["a"], "reason": "harmful"})
    assert stopped.json()["prompts"][0]["state"] == "suspended"
    (item,) = http.get(STAGING).json()["items"]
    assert (item["state"], item["reason"]) == ("suspended", "harmful")
    refused = http.post(
        f"{STAGING}/rollback", json={"path": "a", "to_version": 2, "reason": "want it"}
    )
    assert (refused.status_code, refused.json()["possible"]) == (422, [1])
    gone = http.post(f"{STAGING}/unpublish", json={"prompts": ["a"], "reason": "done with"})
    assert gone.headers["location"].endswith("/environments/staging/releases/6")
    assert http.get(STAGING).json()["items"] == []


def test_a_repeated_post_makes_one_release(http: TestClient) -> None:
    key = {"idempotency-key": "k1"}
    first = publish(http, "a", headers=key)
    again = publish(http, "a", headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert http.get(STAGING).json()["release"] == 1
    assert publish(http, "m/b", headers=key).status_code == 409


def test_environments_are_listed_and_added(world: World) -> None:
    with client(world) as http:
        names = [e["name"] for e in http.get("/environments").json()["items"]]
        assert names == ["staging", "production"]
        assert http.post("/environments", json={"name": "qa-1"}).status_code == 403
    with client(world, "root") as http:
        made = http.post("/environments", json={"name": "qa-1", "approval_required": False})
        assert (made.status_code, made.headers["etag"][:4]) == (201, '"r0.')
        assert made.json()["position"] == 3
        assert http.post("/environments", json={"name": "QA-1"}).status_code == 409
        assert http.post("/environments", json={"name": "main"}).status_code == 422


def test_a_denial_names_every_condition_and_is_audited(world: World) -> None:
    world.put("a", "one")
    body = {"prompts": [{"path": "a"}], "reason": "go live"}
    with client(world, "ada") as http:
        answer = http.post("/environments/production/releases", json=body)
    assert answer.status_code == 403
    assert "publisher" in answer.json()["remedy"]
    with client(world, "sam") as http:
        assert http.get("/environments/production").status_code == 404
    with client(world, "nobody") as http:
        assert http.get("/environments/production").status_code == 401
    with world.db.read() as conn:
        denied = conn.execute(
            select(audit_event.c.log_id, audit_event.c.seq).where(audit_event.c.outcome == "denied")
        ).all()
        told = [entry for log_id, seq in denied for entry in entries_of(conn, log_id, [seq])]
        assert [entry["actor"]["name"] for entry in told] == ["ada"]


BAD_INPUT: list[tuple[str, dict[str, Any], int]] = [
    ("releases", {"prompts": [], "reason": "for a test"}, 422),
    ("releases", {"prompts": [{"path": "a"}], "reason": "no"}, 422),
    ("releases", {"prompts": [{"path": "a"}]}, 422),
    ("releases", {"prompts": [{"path": "a"}], "reason": "later", "at": "2100-01-01"}, 422),
    ("releases", {"prompts": [{"path": "a", "version": 0}], "reason": "for a test"}, 422),
    ("releases", {"prompts": [{"path": "a", "version": 10**20}], "reason": "for a test"}, 422),
    ("releases", {"prompts": [{"path": "a\x00"}], "reason": "for a test"}, 422),
    ("releases", {"prompts": [{"path": "../a"}], "reason": "for a test"}, 422),
    ("releases", {"prompts": [{"path": "a"}], "reason": "nul \x00 in it"}, 422),
    ("releases", {"prompts": [{"path": "a"}], "reason": "yes", "ticket": "x\ny"}, 422),
    ("releases", {"prompts": "a", "reason": "for a test"}, 422),
    ("rollback", {"reason": "for a test"}, 400),
    ("rollback", {"path": "a", "to_release": 1, "reason": "for a test"}, 400),
    ("rollback", {"to_release": 10**20, "reason": "for a test"}, 422),
    ("rollback", {"to_release": 4, "reason": "for a test"}, 404),
    ("rollback", {"path": "nobody", "reason": "for a test"}, 404),
    ("suspend", {"prompts": ["a", "a"], "reason": "for a test"}, 422),
    ("suspend", {"prompts": ["a"], "reason": "for a test"}, 422),
    ("unpublish", {"prompts": ["\x00"], "reason": "for a test"}, 422),
]
BAD_ADDRESSES = [
    "/environments/nowhere",
    "/environments/nul%00here",
    f"{STAGING}/releases/99999999999999999999999",
    f"{STAGING}/releases/3000000000",
    f"{STAGING}/releases/-1",
    f"{STAGING}?cursor=nonsense",
    f"{STAGING}?at=99999-01-01",
    f"{STAGING}?at=r{'9' * 18}",
]


def test_bad_input_is_refused_and_changes_nothing(http: TestClient) -> None:
    for route, body, status in BAD_INPUT:
        answer = http.post(f"{STAGING}/{route}", json=body)
        assert answer.status_code == status, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    for url in BAD_ADDRESSES:
        assert http.get(url).status_code in (400, 404, 422), url
    assert http.get(STAGING).json()["release"] == 0


def test_a_cursor_that_no_row_can_have_is_refused(http: TestClient) -> None:
    publish(http, "a")
    for address, key in ((f"{STAGING}/releases", 10**30), (STAGING, "nul\x00")):
        assert http.get(address, params={"cursor": encode(key)}).status_code == 400
