"""Importing 10,000 prompts with the command line, beside stock git committing the same files."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.engines import engines
from benchmarks.row import Row
from benchmarks.stage import PROJECT, project, prompt_text, server


def run(quick: bool) -> list[Row]:
    """Seconds from the command's start to its end, on SQLite and, where its wheel is installed, PostgreSQL."""
    count = 2_000 if quick else 10_000
    with tempfile.TemporaryDirectory(prefix="po-import-") as folder:
        root = Path(folder) / "prompts"
        for n in range(count):
            file = root / f"team-{n % 20}" / f"area-{n % 7}" / f"prompt-{n}.prompt.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(prompt_text(n))
        begin = time.perf_counter()
        git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.com", "-C", str(root)]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "import"]):
            subprocess.run([*git, *command], check=True, capture_output=True)
        floor = time.perf_counter() - begin
        subprocess.run(["rm", "-rf", str(root / ".git")], check=True)
        return [_row(name, args, root, count, floor) for name, args in engines()]


def _row(name: str, args: tuple[str, ...], root: Path, count: int, floor: float) -> Row:
    with server(*args) as running, project(running):
        token = running.token("bench", "admin")
        from support.server import BIN

        begin = time.perf_counter()
        subprocess.run(
            [str(BIN / "promptops"), "import", str(root), "--project", PROJECT, "--json"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PROMPTOPS_URL": running.url, "PROMPTOPS_TOKEN": token},
        )
        ours = time.perf_counter() - begin
    return Row(f"import {count:,} prompts, {name}", f"{ours:.1f} s", f"git add + commit {floor:.1f} s",
               ours / floor, "≤ 10 s for 10,000", ours * 10_000 / count <= 10)  # fmt: skip
