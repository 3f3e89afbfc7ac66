"""Running the command line in this process, without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli import run
from support.cli import Done

Lint = Callable[..., Done]


@pytest.fixture
def lint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Lint:
    """`promptops lint …` in an empty folder; no server can be reached from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTOPS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PROMPTOPS_LOGIN_FILE", str(tmp_path / "login.toml"))

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(["lint", *map(str, arguments)])
        done = capsys.readouterr()
        return Done(code, done.out, done.err)

    return call
