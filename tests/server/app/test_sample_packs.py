"""The sample workspace proves itself: the evidence of whatever is live in it holds for who checks it without the server."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from promptops_server.app.welcome import DEMO_PASSWORD
from support.server import RunningServer


@pytest.mark.timeout(180)
def test_every_pack_of_what_is_live_holds(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    server = start_server("--demo")
    checked = 0
    with httpx2.Client(
        base_url=f"{server.url}/api/v1", auth=("admin", DEMO_PASSWORD), timeout=60
    ) as api:
        for project in ("retail-bank", "city-hospital", "precision-works"):
            for prompt in api.get(f"/projects/{project}/prompts").json()["items"]:
                live = {row["environment"]: row["version"] for row in prompt["live"]}
                if "production" not in live:
                    continue
                address = f"{prompt['path']}@{live['production']}"
                pack = tmp_path / "pack.zip"
                pack.write_bytes(api.get(f"/projects/{project}/evidence/{address}").content)
                with zipfile.ZipFile(pack) as files:
                    files.extract("verify.py", tmp_path)
                told = subprocess.run(
                    [sys.executable, "-I", "verify.py", "pack.zip"],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    timeout=60,
                )
                assert told.returncode == 0, f"{project}/{address}\n{told.stdout}{told.stderr}"
                checked += 1
    assert checked >= 5
