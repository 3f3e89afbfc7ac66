"""Running the command line in this process, with a configuration file of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptops.cli import run
from support.cli import Cli, Done
from support.server import RunningServer


@pytest.fixture(autouse=True)
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of the test; no token or address comes from outside."""
    for name in ("PROMPTOPS_URL", "PROMPTOPS_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config" / "config.toml"
    monkeypatch.setenv("PROMPTOPS_LOGIN_FILE", str(path))
    return path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command line; `stdin` is what is typed into it."""

    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        done = capsys.readouterr()
        return Done(code, done.out, done.err)

    return call


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests of the command line: starting one takes longer than most of them."""
    running = RunningServer(tmp_path_factory.mktemp("cli-server") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def token(server: RunningServer) -> str:
    """An administrator's token."""
    return server.token("maya", "admin")


@pytest.fixture
def signed_in(cli: Cli, server: RunningServer, token: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with a token in the environment."""
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", token)
    return cli


@pytest.fixture
def project(signed_in: Cli, request: pytest.FixtureRequest) -> str:
    """A project of this test alone."""
    name = "p-" + "".join(c if c.isalnum() else "-" for c in request.node.name)[:80].strip("-")
    assert signed_in("project", "create", name).code == 0
    return name


@pytest.fixture
def open_production(signed_in: Cli, project: str) -> None:
    """The project's production asks for no approval."""
    done = signed_in("env", "set", f"{project}@production", "--approval", "off")
    assert done.code == 0, done.err


@pytest.fixture
def put(signed_in: Cli, tmp_path: Path) -> Callable[..., int]:
    """Put a text at an address; gives the version's number."""

    def call(address: str, content: str, *more: str) -> int:
        file = tmp_path / "put.prompt.yml"
        file.write_text(content)
        done = signed_in("prompt", "put", str(file), address, *more, "--json")
        assert done.code == 0, done.err
        version: int = done.json["version"]
        return version

    return call
