"""The product as a user starts it: ``promptops-server up`` in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support import warm
from support.databases import migrated_sqlite

BIN = Path(sys.executable).parent


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@dataclass
class RunningServer:
    """One server on a data directory; `stop` and `kill` leave the data for the next `start`.

    Args:
        as_installed: run the installed command on an empty directory, as a user would; else the process starts warm
            (`support.warm`) and an embedded database is there, empty and migrated.
    """

    data: Path
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    as_installed: bool = False
    process: subprocess.Popen[bytes] | warm.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.data.parent / f"{self.data.name}.log"

    def start(self, timeout: float = 40.0) -> RunningServer:
        """Start it and wait until it is ready."""
        arguments = ["up", "--data", str(self.data), "--port", str(self.port), *self.args]
        if self.as_installed:
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    [str(BIN / "promptops-server"), *arguments], stdout=out, stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL, env={**os.environ, **self.env}, start_new_session=True,
                )  # fmt: skip
        else:
            if not self.data.exists() and "--database-url" not in self.args:
                self.data.mkdir(mode=0o700)
                shutil.copyfile(migrated_sqlite(), self.data / "promptops.sqlite")
            self.process = warm.server(arguments, log=self.log, env=self.env)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"server ended: {self.log.read_text()[-3000:]}")
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except httpx2.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"server not ready: {self.log.read_text()[-3000:]}")

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def token(
        self, user: str, role: str, project: str | None = None, environment: str | None = None
    ) -> str:
        """A token made with the operator's command beside the running server."""
        command = [
            "token",
            "create",
            "--data",
            str(self.data),
            "--user",
            user,
            "--role",
            role,
            "--json",
        ]
        if project:
            command += ["--project", project]
        if environment:
            command += ["--environment", environment]
        command += [
            a
            for i, a in enumerate(self.args)
            if "--database-url" in self.args[max(0, i - 1) : i + 1]
        ]
        printed = self.log.with_suffix(".token")
        printed.unlink(missing_ok=True)
        code = warm.server(command, log=printed, env=self.env).wait(60)
        assert code == 0, printed.read_text()
        token: str = json.loads(printed.read_text().splitlines()[-1])["token"]
        return token

    def api(self, token: str) -> httpx2.Client:
        """An HTTP client of `/api/v1`."""
        return httpx2.Client(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on the embedded engines, shared by the tests of a module."""
    running = RunningServer(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers of this test alone: ``start_server("--redis-url", url)``."""
    started: list[RunningServer] = []

    def start(*args: str, data: str = "data", **kwargs: Any) -> RunningServer:
        running = RunningServer(tmp_path / data, args=args, **kwargs).start()
        started.append(running)
        return running

    yield start
    for running in started:
        if running.process is not None and running.process.poll() is None:
            running.stop()


@contextmanager
def untroubled(
    request: pytest.FixtureRequest, folder: Path, name: str, args: tuple[str, ...] = ()
) -> Iterator[RunningServer]:
    """A server on the database `request.param` says (sqlite or postgresql); whatever it is asked, nothing surprises it."""
    template: Any = None
    database = f"{name}_{os.getpid()}"  # a run that was killed leaves its own behind
    if request.param == "postgresql":
        template = request.getfixturevalue("postgres_template")
        args = (*args, "--database-url", template.create(database))
    server = RunningServer(folder / "data", args=args).start()
    yield server
    log = server.log.read_text()
    server.stop()
    if template is not None:
        template.drop(database)
    assert "Traceback" not in log
    assert "unexpected_error" not in log
