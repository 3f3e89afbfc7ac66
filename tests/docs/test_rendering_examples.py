"""The examples of `docs/rendering.md`: its commands print, and its request is answered, as the page says."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_page import blocks
from test_cli_examples import commands, settled

from promptops.cli import run
from support.server import RunningServer

PAGE = "rendering.md"


def test_the_commands_of_the_page_print_what_it_says(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = server.token("maya", "admin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTOPS_LOGIN_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", token)
    for block in blocks(PAGE):
        if block.info.startswith("yaml "):
            Path(block.info.split()[1]).write_text(block.text)
        if block.info != "console":
            continue
        for line, promised in commands(block.text):
            both = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
            monkeypatch.setattr(sys, "stdout", both)
            monkeypatch.setattr(sys, "stderr", both)
            code = run(shlex.split(line)[1:])
            printed = both.buffer.getvalue().decode()  # type: ignore[attr-defined]
            assert settled(printed) == settled(promised), line
            assert (code == 0) == ("error:" not in promised), line
    monkeypatch.undo()
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs curl and bash")
    [request] = [block.text for block in blocks(PAGE) if block.info == "sh"]
    [promised] = [block.text for block in blocks(PAGE) if block.info == "json"]
    done = subprocess.run(
        ["bash", "-eu", "-c", request],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SERVER": server.url, "TOKEN": token, "no_proxy": "127.0.0.1"},
    )
    answered = re.sub(
        r'("commit": ?)"\w{40}"|(sha256:)\w{64}',
        lambda m: f'{m[1]}"…"' if m[1] else f"{m[2]}…",
        done.stdout,
    )
    assert json.loads(answered) == json.loads(promised), done.stdout + done.stderr
