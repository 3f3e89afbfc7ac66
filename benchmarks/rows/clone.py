"""`git clone` of 10,000 commits from the server, beside the same repository cloned from disk."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.engines import engines
from benchmarks.histories import clone_seconds, git, make_history
from benchmarks.row import Row
from benchmarks.stage import PROJECT, project, server

TARGET = 5.0


def run(quick: bool) -> list[Row]:
    """Seconds from the command's start to its end: the median of three."""
    commits = 2_000 if quick else 10_000
    with tempfile.TemporaryDirectory(prefix="po-clone-") as folder:
        source = make_history(Path(folder) / "source.git", commits)
        floor = _median(f"file://{source}", Path(folder) / "floor")
        return [_row(name, args, source, commits, floor, Path(folder)) for name, args in engines()]


def _row(
    name: str, args: tuple[str, ...], source: Path, commits: int, floor: float, folder: Path
) -> Row:
    with server(*args) as running, project(running):
        url = (
            f"http://x:{running.token('bench', 'admin')}@127.0.0.1:{running.port}/git/{PROJECT}.git"
        )
        git(source, "push", "-q", url, "main")
        ours = _median(url, folder / name)
        copy = folder / f"{name}-0"
        assert git(copy, "rev-parse", "main") == git(source, "rev-parse", "main")
        git(copy, "fsck", "--strict")
    return Row(f"git clone of {commits:,} commits, {name}", f"{ours:.1f} s", f"clone from disk {floor:.1f} s",
               ours / floor, f"≤ {TARGET:.0f} s for 10,000", ours * 10_000 / commits <= TARGET)  # fmt: skip


def _median(url: str, into: Path) -> float:
    return statistics.median(clone_seconds(url, Path(f"{into}-{n}")) for n in range(3))
