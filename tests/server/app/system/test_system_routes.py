"""What administrators see of the running system, asked of a real server on either database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import pytest

from promptops_server.app.system.health import disk_line
from promptops_server.infra.settings import load
from support.server import RunningServer, untroubled


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with untroubled(request, tmp_path_factory.mktemp("system"), "system_routes") as server:
        yield server


@pytest.fixture(scope="module")
def root(running: RunningServer) -> Iterator[httpx2.Client]:
    with running.api(running.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).status_code == 201
        yield api


def test_every_setting_says_where_it_comes_from(
    root: httpx2.Client, running: RunningServer
) -> None:
    found = {one["name"]: one for one in root.get("/system/settings").json()["items"]}
    assert set(found) == {one.name for one in load({}, environ={}).explain()}
    assert found["data_dir"]["source"] == "command line"
    assert found["data_dir"]["value"] == str(running.data)
    assert found["jobs.threads"]["source"] == "default"
    assert found["jobs.threads"]["value"] == found["jobs.threads"]["default"]
    assert found["jobs.threads"]["section"] == "jobs"
    assert all(one["help"] for one in found.values())


def test_health_tells_of_every_part(root: httpx2.Client) -> None:
    answer = root.get("/system/health")
    assert answer.status_code == 200, answer.text
    health = answer.json()
    parts = {line["part"]: line for line in health["items"]}
    wanted = {"version", "database", "redis", "outbox", "jobs", "disk", "migrations", "audit log"}
    assert wanted <= parts.keys()
    assert parts["database"]["status"] == "ok"
    assert "MiB" in parts["database"]["words"]
    assert health["status"] in ("ok", "warning")
    assert health["uptime_seconds"] > 0
    assert health["jobs"].keys() == {"waiting", "running", "failed"}
    if "PostgreSQL" in parts["database"]["words"]:
        assert [worker["alive"] for worker in health["workers"]] == [True]


def test_jobs_are_pages_that_meet(root: httpx2.Client) -> None:
    whole = root.get("/system/jobs", params={"limit": 100}).json()["items"]
    assert {"kind", "subject", "state", "attempt", "error"} <= whole[0].keys()
    seen: list[str] = []
    cursor = None
    for _ in range(len(whole) + 5):
        page = root.get(
            "/system/jobs", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2}
        )
        assert page.status_code == 200, page.text
        seen += [job["id"] for job in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert {job["id"] for job in whole} <= set(seen)
    assert root.get("/system/jobs", params={"state": "failed"}).json()["items"] == []
    assert root.get("/system/jobs", params={"state": "lost"}).status_code == 422
    assert root.get("/system/jobs", params={"cursor": "x"}).status_code == 400


def test_only_failed_jobs_are_tried_again(root: httpx2.Client) -> None:
    deadline = time.monotonic() + 30
    while not (items := root.get("/system/jobs", params={"state": "done"}).json()["items"]):
        assert time.monotonic() < deadline, "no job was done"
        time.sleep(0.2)
    done = items[0]
    refused = root.post(f"/system/jobs/{done['id']}/retry")
    assert refused.status_code == 409, refused.text
    assert root.post("/system/jobs/nothing/retry").status_code == 404


def test_keys_are_told_without_their_secrets(root: httpx2.Client, running: RunningServer) -> None:
    (key,) = root.get("/system/keys").json()["items"]
    published = httpx2.get(f"{running.url}/delivery/v1/keys").json()["keys"]
    assert (key["id"], key["public"]) == (published[0]["key_id"], published[0]["public"])
    assert key["in_use"] is True
    assert len(key["fingerprint"]) == 64
    assert not [name for name in key if "private" in name or "seal" in name]


def test_the_next_key_is_announced_and_a_key_taken_back(
    root: httpx2.Client, running: RunningServer
) -> None:
    def states() -> list[str]:
        return [key["state"] for key in root.get("/system/keys").json()["items"]]

    (first,) = root.get("/system/keys").json()["items"]
    made = root.post("/system/keys", json={"signs_after_hours": 24, "reason": "Every year"})
    assert made.status_code == 201, made.text
    assert states() == ["signing", "announced"]
    now, coming = made.json()["items"]
    assert coming["signed_by"] == first["id"]
    assert coming["announced"] == {"by": "root", "reason": "Every year"}
    assert (now["announced"], now["revoked"], now["successor"]) == (None, None, coming["id"])
    assert now["retired_at"] == coming["signs_from"]
    trusted = made.json()["trust_key"].splitlines()
    assert trusted[1::2] == [now["public"], coming["public"]]
    assert trusted[2].startswith(f"# {coming['id']}, announced, signs from ")
    assert root.post("/system/keys", json={"reason": "Every year"}).status_code == 409
    for wrong in ({}, {"reason": "x"}, {"reason": "Every year", "signs_after_hours": -1}):
        assert root.post("/system/keys", json=wrong).status_code == 422
    revoked = root.post(f"/system/keys/{first['id']}/revoke", json={"reason": "It leaked"})
    assert revoked.status_code == 200, revoked.text
    assert states() == ["revoked", "signing"]
    gone, signing = revoked.json()["items"]
    assert gone["revoked"] == {"by": "root", "reason": "It leaked"}
    assert signing["successor"] is None
    assert gone["public"] not in revoked.json()["trust_key"]
    again = root.post(f"/system/keys/{first['id']}/revoke", json={"reason": "It leaked"})
    assert again.status_code == 409
    unknown = root.post(f"/system/keys/{'0' * 16}/revoke", json={"reason": "It leaked"})
    assert unknown.status_code == 404
    published = httpx2.get(f"{running.url}/delivery/v1/keys").json()["keys"]
    assert [key["revoked_by"] for key in published] == [published[1]["key_id"], None]
    events = root.get("/audit/events", params={"limit": 50}).json()["items"]
    told = {e["action"]: e for e in events if e["action"].startswith("key.")}
    assert told.keys() == {"key.announce", "key.revoke"}
    assert told["key.revoke"]["actor"]["name"] == "root"


def test_little_space_is_told_in_time() -> None:
    gib = 1024**3
    assert disk_line(100 * gib, 50 * gib).status == "ok"
    assert disk_line(100 * gib, 2 * gib).status == "warning"
    assert disk_line(4 * gib, gib // 2).status == "warning"
    assert disk_line(100 * gib, gib // 20).status == "failed"
