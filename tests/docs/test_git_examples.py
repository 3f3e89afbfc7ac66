"""The `console` block of `docs/git.md`, run on a repository like the one it shows."""

from __future__ import annotations

import io
import shlex
import sys
from pathlib import Path

import pytest
from docs_page import blocks
from test_cli_examples import commands, settled

from promptops.cli import run
from support.histories import lived_in
from support.server import RunningServer
from support.stock_git import Git


def test_the_import_of_a_repository_prints_what_the_page_says(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in(Git(tmp_path / "home"), tmp_path / "prompts", branch="trunk")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTOPS_LOGIN_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("maya", "admin"))
    [block] = [block for block in blocks("git.md") if block.info == "console"]
    for line, promised in commands(block.text):
        both = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
        monkeypatch.setattr(sys, "stdout", both)
        monkeypatch.setattr(sys, "stderr", both)
        assert run(shlex.split(line)[1:]) == 0, line
        printed = both.buffer.getvalue().decode()  # type: ignore[attr-defined]
        for here, there in (
            (str(tmp_path), "/home/ben"),
            (server.url, "https://promptops.example.com"),
        ):
            printed = printed.replace(here, there)
        assert settled(printed) == settled(promised), line
