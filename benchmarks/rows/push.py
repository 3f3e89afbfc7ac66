"""Pushing a repository of 2,000 commits while people publish in the same project and in another one."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.engines import engines
from benchmarks.histories import git, make_history
from benchmarks.row import Row, millis, quantile
from benchmarks.stage import PROJECT, prompt_text, server

OTHER = "other"
TARGET_PUSH, TARGET_WAIT = 30.0, 1.0
_IDLE = 3.0
"""Seconds of publishing without a push, for the floor."""


def run(quick: bool) -> list[Row]:
    """Seconds of the push, and the longest and usual wait of a publish meanwhile."""
    commits = 500 if quick else 2_000
    with tempfile.TemporaryDirectory(prefix="po-push-") as folder:
        source = make_history(Path(folder) / "source.git", commits)
        return [row for name, args in engines() for row in _rows(name, args, source, commits)]


def _rows(name: str, args: tuple[str, ...], source: Path, commits: int) -> list[Row]:
    with server(*args) as running:
        token = running.token("bench", "admin")
        url = f"http://x:{token}@127.0.0.1:{running.port}/git/{PROJECT}.git"
        with running.api(token) as api:
            for project in (PROJECT, OTHER):
                api.post("/projects", json={"name": project}).raise_for_status()
            # Something to publish: the first commits of the history, and two versions in the other project.
            early = git(source, "rev-list", "--reverse", "main").split()[2]
            git(source, "push", "-q", url, f"{early}:refs/heads/main")
            items = api.get(f"/projects/{PROJECT}/prompts", params={"limit": 500}).json()["items"]
            path = next(item["path"] for item in items if item["version"] > 1)
            for number in (1, 2):
                condition = {"If-Match": '"v1"'} if number == 2 else {}
                api.put(
                    f"/projects/{OTHER}/prompts/claims/triage",
                    content=prompt_text(number),
                    headers={"Content-Type": "application/yaml", **condition},
                ).raise_for_status()
        with (
            _publishing(running, token, PROJECT, path) as same,
            _publishing(running, token, OTHER, "claims/triage") as other,
        ):
            time.sleep(_IDLE)
            begin = time.perf_counter()
            git(source, "push", "-q", url, "main:refs/heads/main")
            end = time.perf_counter()
            time.sleep(0.2)
    spent = end - begin
    rows = [
        Row(f"push of {commits:,} commits, {name}", f"{spent:.1f} s", "", None, f"≤ {TARGET_PUSH:.0f} s for 2,000",
            spent * 2_000 / commits <= TARGET_PUSH),
    ]  # fmt: skip
    for what, times in (("the same project", same), ("another project", other)):
        idle = [took for at, took in times if at + took < begin][5:]
        busy = [took for at, took in times if at < end and at + took > begin]
        rows.append(
            Row(f"publish in {what} during it, {name}: p50 / p90 / longest",
                " / ".join(millis(v) for v in (quantile(busy, 0.5), quantile(busy, 0.9), max(busy))),
                " / ".join(millis(v) for v in (quantile(idle, 0.5), quantile(idle, 0.9), max(idle))),
                quantile(busy, 0.5) / quantile(idle, 0.5), f"≤ {TARGET_WAIT:.0f} s", max(busy) <= TARGET_WAIT)
        )  # fmt: skip
    return rows


@contextmanager
def _publishing(
    running: Any, token: str, project: str, path: str
) -> Iterator[list[tuple[float, float]]]:
    """Publishes two versions of a prompt in turn, 25 ms apart; gives when each began and how long it took."""
    times: list[tuple[float, float]] = []
    stop = threading.Event()

    def work() -> None:
        with running.api(token) as api:
            turn = 0
            while not stop.is_set():
                turn += 1
                begin = time.perf_counter()
                api.post(
                    f"/projects/{project}/environments/staging/releases",
                    json={"prompts": [{"path": path, "version": 1 + turn % 2}], "reason": "Bench"},
                ).raise_for_status()
                times.append((begin, time.perf_counter() - begin))
                stop.wait(0.025)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield times
    finally:
        stop.set()
        thread.join()
