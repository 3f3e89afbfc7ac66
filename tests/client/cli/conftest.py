"""Running the command line in this process, with a configuration file of its own."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from promptops.cli import run
from support.cli import Cli, Done


@pytest.fixture(autouse=True)
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of the test; no token or address comes from outside."""
    for name in ("PROMPTOPS_URL", "PROMPTOPS_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config" / "config.toml"
    monkeypatch.setenv("PROMPTOPS_CONFIG", str(path))
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
