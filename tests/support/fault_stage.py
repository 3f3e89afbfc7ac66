"""A real server, a real Redis and applications over both ways, with proxies in between, for tests that break one of them.

What must hold is checked in one place, `Stage.converges`: nothing that was acknowledged is lost, no application ever
went back or held anything but exactly what some release says, and all arrive at the head without anybody's help.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from promptops import NotConnected, PromptNotLive, PromptOps, PromptSuspended
from promptops.delivery import follower, source_http, source_redis
from support.redis_topologies import Node, until
from support.server import RunningServer
from support.tcp_proxy import TcpProxy

PATHS = ("claims/letter", "claims/triage")
VERSIONS = 6

State = int | str | None
"""What an application gets for a path: a version, "suspended", or None."""

Content = dict[str, State]


@contextmanager
def quick_clients() -> Iterator[None]:
    """Clients of this process notice and come back in tenths of a second instead of seconds, by the same code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follower, "LONGEST_WAIT", 0.5)
        patch.setattr(follower, "SLOW_WAIT", 0.5)
        patch.setattr(source_redis, "POLL", 0.3)
        patch.setattr(source_redis, "_ANSWER", 1.0)
        patch.setattr(source_http, "_ANSWER", 3.0)
        patch.setattr(source_http, "_CONNECT", 1.0)
        yield


def content_of(ops: PromptOps) -> tuple[tuple[int, int], Content]:
    """Position and everything an application has, of one moment."""
    snapshot = ops.snapshot()
    found: Content = {}
    for path in PATHS:
        try:
            found[path] = snapshot.get(path).version
        except PromptSuspended:
            found[path] = "suspended"
        except PromptNotLive:
            found[path] = None
    return (snapshot.epoch, snapshot.release), found


class Watched:
    """An application in this process that writes down everything it ever has, also over its own restarts."""

    def __init__(self, name: str, start: Callable[..., PromptOps]) -> None:
        self.name = name
        self.seen: list[tuple[tuple[int, int], Content]] = []
        self._start = start
        self._begin()

    def _begin(self, **more: Any) -> None:
        self.ops = self._start(**more)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.002):
            with contextlib.suppress(NotConnected):  # it has just started and has nothing
                found = content_of(self.ops)
                if not self.seen or self.seen[-1] != found:
                    self.seen.append(found)

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join(5)
        self.ops.close()

    def restart(self) -> None:
        """End it and start it again; it waits but a moment for anybody to answer."""
        self.close()
        self._begin(start_timeout=0.3)


@dataclass
class Stage:
    """One project on one server. `heal` and `converges` after every fault."""

    server: RunningServer
    node: Node
    to_server: TcpProxy
    to_redis: TcpProxy
    token: str
    project: str
    environment: str = "staging"
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    paused: bool = False

    @classmethod
    def build(
        cls, folder: Path, *args: str, node: Node | None = None, project: str = "bank"
    ) -> Stage:
        """Start everything; the project has two prompts of `VERSIONS` versions each and no release."""
        node = node or Node(folder / "redis").start()
        to_redis = TcpProxy(node.port)
        url = f"redis://127.0.0.1:{to_redis.port}/0"
        server = RunningServer(folder / "data", args=("--redis-url", url, *args)).start()
        token = server.token("root", "admin")
        stage = cls(server, node, TcpProxy(server.port), to_redis, token, project)
        stage.prepare()
        return stage

    def another(self, project: str) -> Stage:
        """A new project on the same server and Redis."""
        made = Stage(self.server, self.node, self.to_server, self.to_redis, self.token, project)
        made.prepare()
        return made

    @property
    def place(self) -> str:
        return f"/projects/{self.project}/environments/{self.environment}"

    def prepare(self) -> None:
        """Make the project and the versions."""
        with self.server.api(self.token) as api:
            api.post("/projects", json={"name": self.project}).raise_for_status()
            for path in PATHS:
                for version in range(1, VERSIONS + 1):
                    match = {"If-Match": f'"v{version - 1}"'} if version > 1 else {}
                    api.put(
                        f"/projects/{self.project}/prompts/{path}",
                        content=f"messages:\n  - role: user\n    content: '{path} {version}'\n",
                        headers={"Content-Type": "application/yaml", **match},
                    ).raise_for_status()

    def options(self, via: str, **more: Any) -> dict[str, Any]:
        """What an application is given to follow over "http" or "redis"."""
        found: dict[str, Any] = {
            "url": self.to_server.url, "token": self.token, "project": self.project,
            "environment": self.environment,
        }  # fmt: skip
        if via == "redis":
            found["redis_url"] = f"redis://127.0.0.1:{self.to_redis.port}/0"
        return found | more

    def watch(self, via: str, **more: Any) -> Watched:
        """An application that follows from now on."""
        options = {"disk_cache": False, "start_timeout": 20, **more}
        given = self.options(via, **options)
        made = Watched(via, lambda **now: PromptOps(**given | now))
        self.watched.append(made)
        return made

    def watch_both(self, **more: Any) -> None:
        """One application over each way."""
        self.watch("http", **more)
        self.watch("redis", **more)

    def change(self, what: str, body: Mapping[str, Any], *, timeout: float = 20.0) -> int | None:
        """One change; its number, or None when no answer came and it may have been made or not."""
        with self.server.api(self.token) as api:
            try:
                answer = api.post(
                    f"{self.place}/{what}", json={"reason": "for a test", **body}, timeout=timeout
                )
            except httpx2.HTTPError:
                return None
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        self.acknowledged.append(made)
        return int(made["number"])

    def publish(self, version: int, **more: Any) -> int | None:
        """Both prompts at this version, in one release."""
        prompts = [{"path": path, "version": version} for path in PATHS]
        return self.change("releases", {"prompts": prompts}, **more)

    def truth(self) -> dict[int, Content]:
        """What every release says, by the server's own list."""
        releases: list[dict[str, Any]] = []
        with self.server.api(self.token) as api:
            cursor: str | None = None
            while True:
                query = {"cursor": cursor} if cursor else {}
                page = api.get(f"{self.place}/releases", params=query).raise_for_status().json()
                releases += page["items"]
                cursor = page["next"]
                if cursor is None:
                    break
        releases.reverse()
        assert [r["number"] for r in releases] == list(range(1, len(releases) + 1))
        said = {r["number"]: r for r in releases}
        for kept in self.acknowledged:
            found = said.get(kept["number"])
            assert found is not None, f"r{kept['number']} was acknowledged and is lost"
            assert (found["commit"], found["prompts"]) == (kept["commit"], kept["prompts"])
        now: Content = dict.fromkeys(PATHS)
        truth = {0: now}
        for one in releases:
            now = dict(now)
            for line in one["prompts"]:
                state = line["state"]
                now[line["path"]] = line["version"] if state == "live" else state
                if state == "removed":
                    now[line["path"]] = None
            truth[one["number"]] = now
        return truth

    def pause_redis(self) -> None:
        """Redis hangs: it accepts, and answers nothing."""
        assert self.node.process is not None
        os.kill(self.node.process.pid, signal.SIGSTOP)
        self.paused = True

    def resume_redis(self) -> None:
        """It goes on as if nothing had been."""
        if self.paused and self.node.process is not None:
            os.kill(self.node.process.pid, signal.SIGCONT)
        self.paused = False

    def kill_redis(self, *, keep: bool) -> None:
        """kill -9; what was saved last stays only if `keep`."""
        self.node.kill()
        self.paused = False
        if not keep:
            (self.node.folder / "dump.rdb").unlink(missing_ok=True)

    def fill_redis(self) -> None:
        """It takes nothing more in, and drops nothing."""
        client = self.node.client()
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")

    def heal(self) -> None:
        """End what is broken, as a machine's own supervisor would; nobody decides anything."""
        self.resume_redis()
        if self.node.process is None:
            self.node.start()
        self.node.client().config_set("maxmemory", "0")
        self.to_redis.slow = self.to_server.slow = 0.0
        self.to_redis.piece = self.to_server.piece = 65536
        process = self.server.process
        if process is None or process.poll() is not None:
            self.server.start()

    def converges(
        self,
        *,
        epoch: int = 1,
        earlier: dict[int, Content] | None = None,
        timeout: float = 30.0,
    ) -> dict[int, Content]:
        """All are at the head, and nobody ever had anything but what a release says. Returns the truth.

        `earlier` is the truth as it was in the epoch before, when an operator began another.
        """
        truth = self.truth()
        head = max(truth)

        def arrived() -> bool:
            with contextlib.suppress(NotConnected):
                return all(content_of(w.ops) == ((epoch, head), truth[head]) for w in self.watched)
            return False

        ends = time.monotonic() + timeout
        while not arrived():
            assert time.monotonic() < ends, (
                f"not all are at {head} {truth[head]}: "
                f"{[(w.name, w.seen[-1:], w.ops.health()) for w in self.watched]}\n"
                f"{self.server.log.read_text()[-3000:]}"
            )
            time.sleep(0.01)
        name = f"promptops:{{{self.project}/{self.environment}}}:state"
        until(
            lambda: self.node.client().hmget(name, "epoch", "release") == [str(epoch), str(head)],
            f"Redis is at {epoch}-{head}",
            timeout,
        )
        for one in self.watched:
            order = [position for position, _ in one.seen]
            assert order == sorted(order), f"{one.name} went back: {order}"
            for (line, release), found in one.seen:
                said = truth if line == epoch else (earlier or {})
                assert found == said[release], f"{one.name} held a mixture at {line}-{release}"
        return truth

    def forget(self) -> None:
        """End the applications."""
        for one in self.watched:
            one.close()
        self.watched.clear()

    def stop(self) -> None:
        """End everything."""
        self.forget()
        self.resume_redis()
        if self.server.process is not None and self.server.process.poll() is None:
            self.server.stop()
        self.to_server.close()
        self.to_redis.close()
        self.node.kill()
