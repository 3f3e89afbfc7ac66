"""Memory of a server process: idle, and with 100,000 prompts live that a follower has fetched.

Beside a Python that has merely imported the same frameworks.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx2

from benchmarks.row import Row
from benchmarks.stage import PROJECT, import_many, project, prompt_text, publish_many, server

_FRAMEWORKS = "import fastapi, uvicorn, sqlalchemy, dulwich, dbos, redis, time; print('ready', flush=True); time.sleep(30)"


def run(quick: bool) -> list[Row]:
    """Resident memory in MB after ten idle seconds."""
    bare = subprocess.Popen([sys.executable, "-c", _FRAMEWORKS], stdout=subprocess.PIPE)
    assert bare.stdout is not None
    bare.stdout.readline()
    floor = resident_mb(bare.pid)
    bare.kill()
    bare.wait()
    with server() as running:
        time.sleep(3 if quick else 10)
        assert running.process is not None
        ours = resident_mb(running.process.pid)
    many = 10_000 if quick else 100_000
    live = _with_live(many)
    return [
        Row("server memory, idle", f"{ours:.0f} MB", f"imports alone {floor:.0f} MB", ours / floor,
            "≤ 200 MB", ours <= 200),
        Row(f"server memory, {many:,} prompts live", f"{live:.0f} MB", f"imports alone {floor:.0f} MB",
            live / floor, "≤ 600 MB", live <= 600),
    ]  # fmt: skip


def _with_live(many: int) -> float:
    """The most a server took that was started on so many live prompts and delivered all of them over HTTP once.

    They are imported and published by a server before: what that takes for a moment is not what a server keeps.
    """
    with server() as running:
        with project(running) as api:
            import_many(api, many, lambda number: (_path(number), prompt_text(number)))
            publish_many(api, "staging", [_path(number) for number in range(many)])
        token = running.token("app", "delivery", PROJECT, "staging")
        running.stop()
        running.start()
        with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=300) as client:
            url = f"{running.url}/delivery/v1/{PROJECT}/staging"
            size = 0
            with client.stream("GET", url) as answer:
                answer.raise_for_status()
                for piece in answer.iter_bytes():
                    size += len(piece)
            assert size > many * 500
        assert running.process is not None
        return resident_mb(running.process.pid, "VmHWM")


def _path(number: int) -> str:
    return f"area-{number % 50:02}/prompt-{number:06}"


def resident_mb(pid: int | str, which: str = "VmRSS") -> float:
    """Resident memory now, or with `VmHWM` the most there was."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {which}")
