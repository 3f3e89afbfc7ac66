"""The log over HTTP from a real server: filters, the live stream, holds, erasure, and which reads are events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from support.server import RunningServer

PROJECT = "live-bank"
PROMPT = "name: T\nmessages:\n  - {role: user, content: Hello}\n"


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.api(server.token("root", "admin")) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        put(api, "claims/one")
        put(api, "claims/two")
        put(api, "other/three")
        body = {"prompts": [{"path": "claims/one", "version": 1}], "reason": "first"}
        api.post(f"/projects/{PROJECT}/environments/staging/releases", json=body).raise_for_status()
        yield api


def put(api: httpx2.Client, path: str) -> None:
    api.put(
        f"/projects/{PROJECT}/prompts/{path}", content=PROMPT, params={"message": "m"},
        headers={"Content-Type": "application/yaml"},
    ).raise_for_status()  # fmt: skip


def found(api: httpx2.Client, **params: Any) -> list[dict[str, Any]]:
    answer = api.get("/audit/events", params={"project": PROJECT, **params})
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_one_entry_is_found_by_its_number(admin: httpx2.Client) -> None:
    newest = found(admin)[0]
    where = {"project": PROJECT}
    assert admin.get(f"/audit/events/{newest['seq']}", params=where).json() == newest
    gone = admin.get(f"/audit/events/{newest['seq'] + 1000}", params=where)
    assert gone.status_code == 404, gone.text


def test_filters(admin: httpx2.Client) -> None:
    puts = found(admin, action="prompt.put")
    assert [e["object"]["id"].rpartition("/")[2] for e in puts] == ["three", "two", "one"]
    assert [e["seq"] for e in found(admin, object=f"{PROJECT}/claims/*")] == [
        puts[1]["seq"],
        puts[2]["seq"],
    ]
    assert found(admin, object=f"{PROJECT}/claims/*", action="prompt.*") == puts[1:]
    assert [e["action"] for e in found(admin, environment="staging", action="release.*")] == [
        "release.publish"
    ]
    assert found(admin, since=puts[0]["recorded_at"], action="prompt.put") == puts[:1]
    assert found(admin, until=puts[0]["recorded_at"], action="prompt.*") == puts[1:]
    assert found(admin, outcome="denied") == []
    assert found(admin, actor="root")[0]["actor"]["name"] == "root"
    page = admin.get(
        "/audit/events", params={"project": PROJECT, "action": "prompt.*", "limit": 2}
    ).json()
    rest = found(admin, action="prompt.*", cursor=page["next"])
    assert page["items"] + rest == puts
    for wrong, status in (
        ("since=soon", 400),
        ("outcome=maybe", 422),
        ("project=none", 404),
        ("actor=none", 404),
    ):
        assert admin.get(f"/audit/events?{wrong}").status_code == status


class Follower:
    """Reads a stream on a thread."""

    def __init__(
        self, api: httpx2.Client, headers: dict[str, str] | None = None, **params: Any
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.ended = threading.Event()
        self.opened = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(api, headers or {}, params), daemon=True
        )
        self._thread.start()
        assert self.opened.wait(10)

    def _run(self, api: httpx2.Client, headers: dict[str, str], params: dict[str, Any]) -> None:
        with (
            httpx2.Client(base_url=api.base_url, headers=api.headers, timeout=30) as own,
            own.stream(
                "GET",
                "/audit/events/stream",
                params={"project": PROJECT, **params},
                headers=headers,
            ) as answer,
        ):
            assert answer.status_code == 200, answer.read()
            identity = None
            for line in answer.iter_lines():
                self.opened.set()
                if line.startswith("id: "):
                    identity = int(line[4:])
                if line.startswith("data: "):
                    self.events.append(json.loads(line[6:]))
                    assert self.events[-1]["seq"] == identity
        self.ended.set()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        end = time.monotonic() + 10
        while len(self.events) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self.events


def test_the_stream_brings_what_happens_and_resumes(admin: httpx2.Client) -> None:
    live, narrow = Follower(admin), Follower(admin, object=f"{PROJECT}/claims/*")
    put(admin, "claims/four")
    put(admin, "other/five")
    seqs = [e["seq"] for e in live.wait_for(2)]
    assert len(seqs) == 2 and seqs[1] == seqs[0] + 1
    assert live.events[0]["actor"]["name"] == "root" and live.events[0]["entry_hash"]
    assert [e["seq"] for e in narrow.wait_for(1)] == seqs[:1]
    resumed = Follower(admin, {"Last-Event-ID": str(seqs[0] - 1)})
    assert [e["seq"] for e in resumed.wait_for(2)] == seqs
    whole = Follower(admin, after=0, action="prompt.*")
    assert [e["seq"] for e in whole.wait_for(5)] == sorted(
        e["seq"] for e in found(admin, action="prompt.*")
    )


def test_followers_take_no_thread_and_need_the_right(
    admin: httpx2.Client, server: RunningServer
) -> None:
    assert server.process is not None
    many = [Follower(admin) for _ in range(40)]
    with open(f"/proc/{server.process.pid}/status") as status:
        threads = next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
    assert threads < 40
    put(admin, "other/six")
    assert all(len(one.wait_for(1)) == 1 for one in many)
    with server.api(server.token("vic", "viewer", PROJECT)) as api:
        assert api.get("/audit/events/stream", params={"project": PROJECT}).status_code == 403


def test_a_stream_ends_with_the_server_and_with_the_right(start_server: Any) -> None:
    server = start_server()
    with server.api(server.token("root", "admin")) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        live = Follower(api)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 8
        assert live.ended.wait(5)


def test_sensitive_reads_and_failed_sign_ins_are_events(
    admin: httpx2.Client, server: RunningServer
) -> None:
    with server.api(server.token("ada", "auditor")) as api:
        for _ in range(3):
            found(api)
        assert api.get("/users").status_code == 403
        api.get(f"/projects/{PROJECT}/inventory").raise_for_status()
    admin.get("/tokens", params={"all": "true"}).raise_for_status()
    admin.post("/users", json={"name": "kim", "password": "a long enough one"}).raise_for_status()
    for name in ("kim", "hunter2"):
        wrong = httpx2.get(f"{server.url}/api/v1/me", auth=(name, "wrong"))
        assert wrong.status_code == 401
    with server.api(server.token("app", "delivery", PROJECT, "staging")) as api:
        for _ in range(2):
            answer = api.get(f"{server.url}/delivery/v1/{PROJECT}/production")
            assert answer.status_code == 403
    events = admin.get("/audit/events", params={"limit": 200}).json()["items"]
    ada = [e for e in events if e["actor"]["name"] == "ada"]
    assert [(e["action"], e["object"]["id"]) for e in ada if e["outcome"] == "ok"] == [
        ("inventory.read", PROJECT), ("audit.read", PROJECT),
    ]  # fmt: skip
    assert [e["rule"] for e in ada if e["outcome"] == "denied"]
    assert any(e["action"] == "token.list" and e["actor"]["name"] == "root" for e in events)
    failed = [e["object"]["id"] for e in events if e["action"] == "session.sign_in"]
    assert failed == ["unknown name", "kim"]
    assert "hunter2" not in json.dumps(events)
    assert [e["action"] for e in found(admin, outcome="denied", action="delivery.read")] == [
        "delivery.read"
    ]


def test_holds_and_erasure(admin: httpx2.Client, server: RunningServer) -> None:
    admin.post("/users", json={"name": "lee", "display_name": "Lee Long"}).raise_for_status()
    with server.api(server.token("lee", "auditor")) as lee:
        found(lee)
        assert lee.post("/users/lee/erasure", json={"reason": "x"}).status_code == 403
        assert admin.post("/holds", json={"reason": " "}).status_code == 422
        assert admin.post("/holds", json={"reason": "r", "project": "none"}).status_code == 404
        held = lee.post("/holds", json={"reason": "Case 7", "project": PROJECT}).json()
        assert (held["project"], held["placed_by"]) == (PROJECT, "lee")
        assert [h["id"] for h in lee.get("/holds").json()["items"]] == [held["id"]]
        whole = admin.post("/holds", json={"reason": "Case 8"}).json()
        refused = admin.post("/users/lee/erasure", json={"reason": "asked for"})
        assert (refused.status_code, refused.json()["rule"]) == (403, "legal_hold")
        for hold in (held, whole):
            done = admin.post(f"/holds/{hold['id']}/lift", json={"reason": "closed"}).json()
            assert done["lift_reason"] == "closed"
        assert admin.post(f"/holds/{held['id']}/lift", json={"reason": "closed"}).status_code == 409
        assert lee.get("/holds").json()["items"] == []
        done = admin.post("/users/lee/erasure", json={"reason": "asked for"}).json()
        assert done["name"].startswith("erased-") and done["pending"] is False
        assert lee.get("/me").status_code == 401
    told = json.dumps(admin.get("/audit/events", params={"limit": 200}).json())
    assert "Lee Long" not in told and '"lee"' not in told
    by = admin.get("/audit/events", params={"actor": done["name"]}).json()["items"]
    assert by and by[0]["actor"]["name"] == "(erased)"
    assert admin.post("/users", json={"name": done["name"]}).status_code == 409, (
        "the name stays taken"
    )
