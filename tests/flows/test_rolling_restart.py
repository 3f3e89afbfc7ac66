"""Two servers and two workers behind a balancer, restarted one after another while clients read, publish and follow."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support import warm
from support.balancer import Balancer
from support.follower import Follower
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PLACE = "/projects/bank/environments/staging"
SECRET = {"PROMPTOPS_SECRET_KEY": "7" * 64}
TRIES = 6
PAUSE_SECONDS = 0.3


class Client:
    """Sends each request, and again with the same key when the connection or the server goes away meanwhile."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=20
        )
        self.repeated = 0

    def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Idempotency-Key": uuid.uuid4().hex, **more.pop("headers", {})}
        for attempt in range(TRIES):
            if attempt:
                self.repeated += 1
                time.sleep(PAUSE_SECONDS)
            try:
                answer = self._http.request(method, path, headers=headers, **more)
            except httpx2.TransportError:
                continue
            if answer.status_code != 503:
                assert answer.is_success, f"{method} {path}: {answer.text}"
                return answer
        raise AssertionError(f"{method} {path} failed {TRIES} times")


class Load:
    """Threads that do something again and again; the first error ends them and is raised at the end."""

    def __init__(self, *works: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in works]

    def _run(self, work: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                work()
        except BaseException as error:
            self._errors.append(error)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]


class Publisher:
    """Writes and publishes the versions of one prompt; `acknowledged` are (release, version)."""

    def __init__(self, url: str, token: str, path: str) -> None:
        self.client, self.path = Client(url, token), path
        self.acknowledged: list[tuple[int, int]] = []
        self._tag: dict[str, str] = {}

    def publish(self) -> None:
        text = reviewed_prompt(says=f"{self.path} says {len(self.acknowledged)}")
        headers = {"Content-Type": "application/yaml", **self._tag}
        put = self.client.send(
            "PUT", f"/projects/bank/prompts/{self.path}", content=text, headers=headers
        )
        version = put.json()["version"]
        self._tag = {"If-Match": put.headers["etag"]}
        body = {"prompts": [{"path": self.path, "version": version}], "reason": "as planned"}
        made = self.client.send("POST", f"{PLACE}/releases", json=body)
        self.acknowledged.append((made.json()["number"], version))


@pytest.fixture
def worker(
    postgres_url: str, valkey: str, tmp_path: Path
) -> Iterator[Callable[[int], warm.Process]]:
    """Starts a worker by its number."""
    started: list[warm.Process] = []

    def start(number: int) -> warm.Process:
        arguments = ["worker", "--data", str(tmp_path / f"worker{number}")]
        arguments += ["--database-url", postgres_url, "--redis-url", valkey]
        env = SECRET | {"PROMPTOPS_JOBS_WORKER_ID": f"worker{number}"}
        started.append(warm.server(arguments, log=tmp_path / f"worker{number}.log", env=env))
        return started[-1]

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        process.wait(30)


def test_a_rolling_restart_fails_no_request_and_loses_nothing(
    start_server: Callable[..., RunningServer],
    worker: Callable[[int], warm.Process],
    postgres_url: str,
    valkey: str,
    tmp_path: Path,
) -> None:
    args = ("--database-url", postgres_url, "--redis-url", valkey)
    servers = [start_server(*args, data=f"server{n}", env=SECRET) for n in (1, 2)]
    workers = [worker(1), worker(2)]
    token = servers[0].token("root", "admin")
    with Balancer(*(server.port for server in servers)) as balancer:
        Client(balancer.url, token).send("POST", "/projects", json={"name": "bank"})
        app = servers[0].token("app", "delivery", "bank", "staging")
        publishers = [Publisher(balancer.url, token, path) for path in ("claims/a", "claims/b")]
        for publisher in publishers:
            publisher.publish()
        reader = Client(balancer.url, token)
        options = {"url": balancer.url, "token": app, "project": "bank", "environment": "staging"}
        paths = [publisher.path for publisher in publishers]
        followers = [Follower(options | via, paths) for via in ({}, {"redis_url": valkey})]
        try:
            works = [publisher.publish for publisher in publishers]
            with Load(*works, lambda: reader.send("GET", PLACE) and None):
                for number in (1, 2):
                    servers[number - 1].stop()
                    servers[number - 1].start()
                    workers[number - 1].send_signal(signal.SIGINT)
                    assert workers[number - 1].wait(30) == 0
                    workers[number - 1] = worker(number)
            acknowledged = {
                (release, publisher.path, version)
                for publisher in publishers
                for release, version in publisher.acknowledged
            }
            newest = max(release for release, _, _ in acknowledged)
            for follower in followers:
                last = follower.wait_for(lambda seen: seen["release"] == newest)
                assert last["seen"] == {p.path: p.acknowledged[-1][1] for p in publishers}
                releases = [report["release"] for report in follower.reports]
                assert releases == sorted(releases)
        finally:
            for follower in followers:
                follower.close()
        # Each release was acknowledged once, and is there once.
        found: set[tuple[int, str, int]] = set()
        cursor: dict[str, str] = {}
        while True:
            page = reader.send("GET", f"{PLACE}/releases", params={"limit": 200, **cursor}).json()
            found |= {
                (r["number"], p["path"], p["version"]) for r in page["items"] for p in r["prompts"]
            }
            if not page.get("next"):
                break
            cursor = {"cursor": page["next"]}
        assert found == acknowledged
        assert sorted(release for release, _, _ in found) == list(range(1, newest + 1))
    for server in servers:
        assert "Traceback" not in server.log.read_text()
        end = time.monotonic() + 20
        while "promptops_outbox_waiting 0.0" not in httpx2.get(f"{server.url}/metrics").text:
            assert time.monotonic() < end
            time.sleep(0.1)
