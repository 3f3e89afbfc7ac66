"""Followers as a release manager sees them: real SDK processes over both transports, how a release spreads, and the commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.follower import Follower
from support.reviewed_files import reviewed_prompt
from support.server import BIN, RunningServer

PATH = "claims/triage"
PLACE = "/projects/bank/environments/staging"


@pytest.fixture(params=["embedded", "postgresql+redis"])
def running(
    request: pytest.FixtureRequest, start_server: Callable[..., RunningServer], valkey: str
) -> RunningServer:
    args = ["--redis-url", valkey]
    if request.param != "embedded":
        args += ["--database-url", request.getfixturevalue("postgres_url")]
    return start_server(*args)


@pytest.fixture
def admin(running: RunningServer) -> Iterator[httpx2.Client]:
    with running.api(running.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).is_success
        yield api


@pytest.fixture
def follow(running: RunningServer, valkey: str) -> Iterator[Callable[..., Follower]]:
    """Starts an SDK process: ``follow("redis")``."""
    token = running.token("app", "delivery", "bank", "staging")
    started: list[Follower] = []

    def start(via: str) -> Follower:
        options = {"url": running.url, "token": token, "project": "bank", "environment": "staging"}
        if via == "redis":
            options["redis_url"] = valkey
        follower = Follower(options, [PATH])
        started.append(follower)
        return follower

    yield start
    for follower in started:
        if follower.process.poll() is None:
            follower.process.send_signal(signal.SIGCONT)
            follower.close()


def put(api: httpx2.Client, text: str) -> int:
    head = api.get(f"/projects/bank/prompts/{PATH}")
    match = {"If-Match": head.headers["etag"]} if head.is_success else {}
    answer = api.put(
        f"/projects/bank/prompts/{PATH}",
        content=reviewed_prompt(says=text),
        headers={"Content-Type": "application/yaml", **match},
    )
    assert answer.is_success, answer.text
    version: int = answer.json()["version"]
    return version


def publish(api: httpx2.Client, text: str) -> int:
    put(api, text)
    body = {"prompts": [{"path": PATH}], "reason": "as planned"}
    answer = api.post(f"{PLACE}/releases", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["number"]
    return number


def until(look: Callable[[], Any], met: Callable[[Any], bool], timeout: float = 20.0) -> Any:
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if met(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


def test_every_process_reports_what_it_has_and_how_long_that_took(
    running: RunningServer, admin: httpx2.Client, follow: Callable[..., Follower], tmp_path: Path
) -> None:
    publish(admin, "One {{ branch }}?")
    processes = {"http": follow("http"), "redis": follow("redis")}
    for process in processes.values():
        process.wait_seen(PATH, 1)

    def followers(**query: Any) -> Any:
        return admin.get(f"{PLACE}/followers", params=query).json()

    page = until(followers, lambda p: p["summary"]["total"] == 2)
    assert {(f["via"], f["process"]) for f in page["items"]} == {
        (via, process.process.pid) for via, process in processes.items()
    }
    for each in page["items"]:
        assert (each["state"], each["release"], each["lag_ms"]) == ("current", 1, None)
        assert each["host"]
        assert each["sdk"].startswith("promptops-client ")
    # They began with the release: nothing was measured of it.
    assert page["summary"]["slowest_ms"] is None

    number = publish(admin, "Two {{ branch }}?")
    page = until(
        lambda: followers(release=number),
        lambda p: len(p["items"]) == 2 and all(f["lag_ms"] is not None for f in p["items"]),
    )
    assert page["summary"]["current"] == 2
    assert all(0 <= f["lag_ms"] < 2_000 for f in page["items"])
    spread = until(
        lambda: admin.get(f"{PLACE}/releases/{number}/spread").json(),
        lambda s: sum(column["count"] for column in s["histogram"]) == 2,
    )
    assert (spread["total"], spread["applied"], spread["waiting"], spread["silent"]) == (2, 2, 0, 0)
    assert 0 <= spread["p50_ms"] <= spread["p99_ms"] <= spread["slowest_ms"] < 2_000
    assert spread["stragglers"] == []
    history = admin.get(f"{PLACE}/spread-history", params={"limit": 50}).json()
    assert [(item["number"], item["applied"]) for item in history["items"]] == [(number, 2)]
    assert history["items"][0]["slowest_ms"] == spread["slowest_ms"]
    metrics = httpx2.get(f"{running.url}/metrics").text
    assert (
        f'promptops_followers{{environment="staging",project="bank",release="{number}"}} 2.0'
        in metrics
    )
    assert (
        'promptops_release_spread_seconds_count{environment="staging",project="bank"} 2.0'
        in metrics
    )

    def command(*args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "HOME": str(tmp_path), "PROMPTOPS_URL": running.url}
        env["PROMPTOPS_TOKEN"] = admin.headers["authorization"].removeprefix("Bearer ")
        done = subprocess.run(
            [str(BIN / "promptops"), *args], capture_output=True, text=True, timeout=60, env=env
        )
        assert done.returncode == code, (args, done.stdout, done.stderr)
        return done

    listed = json.loads(command("env", "followers", "bank@staging", "--json").stdout)
    assert [f["state"] for f in listed["items"]] == ["current", "current"]
    assert "2 of 2 followers have r2" in command("env", "followers", "bank", "staging").stderr
    said = command("releases", "watch", "bank@staging").stdout
    assert said.startswith("2 of 2 have r2, slowest ")
    put(admin, "Three {{ branch }}?")
    wait = ("--reason", "as planned", "--wait", "all", "--timeout", "20", "--json")
    made = json.loads(command("publish", f"bank/{PATH}", "--to", "staging", *wait).stdout)
    assert (made["number"], made["reached"], made["spread"]["applied"]) == (3, True, 2)
    os.kill(processes["http"].process.pid, signal.SIGSTOP)
    back = ("rollback", f"bank/{PATH}", "--in", "staging", "--reason", "as planned")
    done = command(*back, "--wait", "all", "--timeout", "2", code=1)
    assert "1 of 2 have r4" in done.stderr
    assert "Release r4 of staging" in done.stdout
    assert command("releases", "watch", "bank@staging", "--wait", "50%", "--json").stdout
    os.kill(processes["http"].process.pid, signal.SIGCONT)
    command("releases", "watch", "bank@staging", "--release", "r4", "--timeout", "20")
    assert len(json.loads(command("releases", "bank@staging", "--json").stdout)["items"]) == 4
    command("publish", f"bank/{PATH}", "--to", "staging", "--reason", "r", "--wait", "most", code=2)

    # One that ends says goodbye.
    processes["redis"].close()
    until(followers, lambda p: [f["via"] for f in p["items"]] == ["http"])
    processes["http"].close()
    until(followers, lambda p: p["summary"]["total"] == 0)


def test_a_release_is_watched_while_it_spreads(
    admin: httpx2.Client, follow: Callable[..., Follower]
) -> None:
    publish(admin, "One {{ branch }}?")
    quick, stopped = follow("http"), follow("http")
    for process in (quick, stopped):
        process.wait_seen(PATH, 1)
    until(lambda: admin.get(f"{PLACE}/followers").json(), lambda p: p["summary"]["total"] == 2)
    stopped.process.send_signal(signal.SIGSTOP)
    number = publish(admin, "Two {{ branch }}?")
    seen: list[dict[str, Any]] = []
    ended: list[str] = []

    def watch() -> None:
        with admin.stream(
            "GET", f"{PLACE}/releases/{number}/spread", headers={"Accept": "text/event-stream"}
        ) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    (seen if name == "spread" else ended).append(json.loads(line[6:]))

    watching = threading.Thread(target=watch)
    watching.start()
    until(lambda: seen[-1:], lambda last: bool(last) and last[0]["applied"] == 1)
    late = seen[-1]["stragglers"]
    assert [f["process"] for f in late] == [stopped.process.pid]
    assert (late[0]["state"], late[0]["release"]) == ("behind", 1)
    assert watching.is_alive()
    stopped.process.send_signal(signal.SIGCONT)
    watching.join(20)
    assert not watching.is_alive()
    assert seen[-1]["applied"] == seen[-1]["total"] == 2
    assert ended == [{"why": "all"}]


def test_who_may_not_deliver_may_not_report(running: RunningServer, admin: httpx2.Client) -> None:
    publish(admin, "One {{ branch }}?")
    created = admin.post("/users", json={"name": "other", "password": "correct horse other"})
    assert created.is_success
    token = running.token("app", "delivery", "bank", "staging")
    body = {
        "follower": "ab" * 16, "host": "h", "process": 1, "sdk": "s", "release": "1-1",
        "held_ms": 0, "applied": [],
    }  # fmt: skip
    where = f"{running.url}/delivery/v1/bank/staging/receipts"

    def send(bearer: str, content: Any = body, url: str = where) -> httpx2.Response:
        return httpx2.post(url, json=content, headers={"Authorization": f"Bearer {bearer}"})

    assert send("nothing").status_code == 401
    assert send(token, url=where.replace("staging", "production")).status_code in (403, 404)
    assert send(token, {**body, "release": "x"}).status_code == 422
    assert send(token, {**body, "padding": "x" * 20_000}).status_code == 413
    answer = send(token)
    assert answer.status_code == 200
    assert answer.json()["heartbeat_s"] == 20
    other = httpx2.put(where, headers={"Authorization": f"Bearer {token}"})
    assert other.status_code == 405


def test_with_its_token_a_process_loses_the_right_to_report_and_a_reader_to_watch(
    running: RunningServer, admin: httpx2.Client
) -> None:
    publish(admin, "One {{ branch }}?")
    password = "correct horse other"
    admin.post("/users", json={"name": "other", "password": password}).raise_for_status()
    grant = {"user": "other", "project": "bank", "role": "viewer"}
    admin.post("/grants", json=grant).raise_for_status()
    made = httpx2.post(f"{running.url}/api/v1/tokens", json={"name": "t"}, auth=("other", password))
    body = {
        "follower": "ab" * 16, "host": "h", "process": 1, "sdk": "s", "release": "1-1",
        "held_ms": 0, "applied": [],
    }  # fmt: skip
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    where = f"{running.url}/delivery/v1/bank/staging/receipts"
    assert httpx2.post(where, json=body, headers=bearer).status_code == 200
    until(lambda: admin.get(f"{PLACE}/followers").json(), lambda p: p["summary"]["total"] == 1)
    number = publish(admin, "Two {{ branch }}?")
    with (
        httpx2.Client(base_url=f"{running.url}/api/v1", headers=bearer, timeout=20) as reader,
        reader.stream(
            "GET", f"{PLACE}/releases/{number}/spread", headers={"Accept": "text/event-stream"}
        ) as answer,
    ):
        lines = answer.iter_lines()
        assert any(line.startswith("data: ") for line in lines)
        assert admin.delete(f"/tokens/{made.json()['id']}").is_success
        revoked = time.monotonic()
        assert [line for line in lines if line.startswith("data: ")] == ['data: {"why":"refused"}']
        assert time.monotonic() - revoked < 5.5
    until(
        lambda: httpx2.post(where, json=body, headers=bearer).status_code,
        lambda status: status == 401,
        5.5,
    )
