"""kill -9 in the middle of a publish loop: what was acknowledged is there, nothing is half-applied, followers agree."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.follower import Follower
from support.server import RunningServer

PROJECT = "bank"
PATHS = ["claims/triage", "claims/letter"]


def prompt(path: str, edition: int) -> str:
    return f"messages:\n  - role: user\n    content: '{path} edition {edition}'\n"


@pytest.fixture
def followers() -> Iterator[list[Follower]]:
    started: list[Follower] = []
    yield started
    for follower in started:
        follower.close()


@pytest.mark.parametrize("engines", ["embedded", "postgresql+redis"])
def test_acknowledged_releases_survive_and_followers_agree(
    engines: str,
    request: pytest.FixtureRequest,
    start_server: Callable[..., RunningServer],
    followers: list[Follower],
    tmp_path: Path,
) -> None:
    args: tuple[str, ...] = ()
    if engines == "postgresql+redis":
        args = (
            "--database-url", request.getfixturevalue("postgres_url"),
            "--redis-url", request.getfixturevalue("valkey"),
        )  # fmt: skip
    running = start_server(*args)
    token = running.token("maya", "admin")
    with running.api(token) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        for path in PATHS:
            for edition in (1, 2):
                headers = {"Content-Type": "application/yaml"}
                if edition > 1:
                    headers["If-Match"] = f'"v{edition - 1}"'
                api.put(f"/projects/{PROJECT}/prompts/{path}", content=prompt(path, edition),
                        params={"message": "Write"}, headers=headers).raise_for_status()  # fmt: skip
    delivery = running.token("app", "delivery", PROJECT, "staging")
    options: dict[str, Any] = {
        "url": running.url, "token": delivery, "project": PROJECT, "environment": "staging",
    }  # fmt: skip
    followers.append(Follower(options, PATHS))
    if engines == "postgresql+redis":
        followers.append(
            Follower({**options, "redis_url": request.getfixturevalue("valkey")}, PATHS)
        )

    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    acknowledged: list[dict[str, Any]] = []
    for _ in range(2):
        stop = threading.Event()
        thread = threading.Thread(
            target=publish_loop, args=(running, token, acknowledged, stop), daemon=True
        )
        before = len(acknowledged)
        thread.start()
        wait_until(lambda before=before: len(acknowledged) >= before + 10)
        time.sleep(chance.uniform(0, 0.05))
        running.kill()
        stop.set()
        thread.join(20)
        running.start()

    with running.api(token) as api:
        releases = {
            r["number"]: r for r in pages(api, f"/projects/{PROJECT}/environments/staging/releases")
        }
        assert sorted(releases) == list(range(1, len(releases) + 1))
        for release in acknowledged:
            kept = releases[release["number"]]
            assert (kept["commit"], kept["prompts"]) == (release["commit"], release["prompts"])
        for release in releases.values():
            # both prompts travel together: a release with one of them would be half a release
            assert {p["path"] for p in release["prompts"]} == set(PATHS)
        head = max(releases)
        live = {
            p["path"]: p["version"]
            for p in api.get(f"/projects/{PROJECT}/environments/staging").json()["items"]
        }
    for follower in followers:
        report = follower.wait_for(lambda r: r["release"] == head, timeout=30)
        assert report["seen"] == live
        for seen in follower.reports:
            assert len(set(seen["seen"].values())) == 1, "a mixture of two releases"
        order = [r["release"] for r in follower.reports]
        assert order == sorted(order)
    clone = subprocess.run(
        ["git", "clone", "-q", "-b", "env/staging", f"http://x:{token}@127.0.0.1:{running.port}/git/{PROJECT}.git", "c"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert clone.returncode == 0, clone.stderr
    fsck = subprocess.run(
        ["git", "fsck", "--strict"], cwd=tmp_path / "c", capture_output=True, check=False
    )
    assert fsck.returncode == 0


def publish_loop(
    running: RunningServer, token: str, acknowledged: list[dict[str, Any]], stop: threading.Event
) -> None:
    turn = len(acknowledged)
    with running.api(token) as api:
        while not stop.is_set():
            turn += 1
            body = {
                "prompts": [{"path": path, "version": turn % 2 + 1} for path in PATHS],
                "reason": f"Turn {turn}",
            }
            try:
                answer = api.post(f"/projects/{PROJECT}/environments/staging/releases", json=body)
            except httpx2.HTTPError:
                return
            if answer.status_code == 201:
                acknowledged.append(answer.json())


def pages(api: httpx2.Client, url: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = api.get(url, params={"cursor": cursor} if cursor else {}).json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def wait_until(met: Callable[[], bool], timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)
