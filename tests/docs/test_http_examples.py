"""The curl lines of `docs/http.md` answer as the page says; the lists in `docs/operate.md` are those of a running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from docs_page import blocks, rows

from support.server import RunningServer


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash"
)
def test_the_session_of_the_page_is_answered_as_it_says(
    server: RunningServer, tmp_path: Path
) -> None:
    session = "".join(block.text for block in blocks("http.md") if block.info == "sh")
    token = server.token("maya", "admin")
    script = session.replace("http://127.0.0.1:8470", server.url).replace("pot_…", token)
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    said = re.findall(r"  # (\d{3})$", session, re.MULTILINE)
    answered = re.findall(r"^(\d{3})$", done.stdout, re.MULTILINE)
    assert answered == said, done.stdout
    assert "event: hello" in done.stdout


def test_every_metric_is_in_the_operators_list(server: RunningServer) -> None:
    text = httpx2.get(f"{server.url}/metrics").text
    kinds = dict(re.findall(r"^# TYPE (promptops_\w+) (\w+)$", text, re.MULTILINE))
    listed = {
        cells[0].strip("`"): cells[1]
        for cells in rows("operate.md")
        if cells[0].startswith("`promptops_")
    }
    assert listed == kinds


def test_every_file_of_the_data_directory_is_in_the_operators_list(server: RunningServer) -> None:
    described = " ".join(
        cells[0]
        for cells in rows("operate.md")
        if re.match(r"`[a-z./]+`", cells[0]) and len(cells) == 3
    )
    found = {
        path.name + ("/" if path.is_dir() else "")
        for path in server.data.iterdir()
        if not path.name.endswith(("-wal", "-shm"))
    }
    assert {name for name in found if f"`{name}`" not in described} == set()
