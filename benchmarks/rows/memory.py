"""Memory of an idle server process, beside a Python that has merely imported the same frameworks."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.row import Row
from benchmarks.stage import server

_FRAMEWORKS = "import fastapi, uvicorn, sqlalchemy, dulwich, dbos, redis, time; print('ready', flush=True); time.sleep(30)"


def run(quick: bool) -> list[Row]:
    """Resident memory in MB after ten idle seconds."""
    bare = subprocess.Popen([sys.executable, "-c", _FRAMEWORKS], stdout=subprocess.PIPE)
    assert bare.stdout is not None
    bare.stdout.readline()
    floor = _resident_mb(bare.pid)
    bare.kill()
    bare.wait()
    with server() as running:
        time.sleep(3 if quick else 10)
        assert running.process is not None
        ours = _resident_mb(running.process.pid)
    return [
        Row("server memory, idle", f"{ours:.0f} MB", f"imports alone {floor:.0f} MB", ours / floor,
            "≤ 200 MB", ours <= 200),
    ]  # fmt: skip


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")
