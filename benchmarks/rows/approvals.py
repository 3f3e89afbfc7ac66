"""Publishing what is approved: the gate with documentation, decisions and authors, beside the same without a gate."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.engines import engines
from benchmarks.row import Row
from benchmarks.stage import PROJECT, import_many, project, server
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

_SECONDS = 3.0
_MOST = 5_000


def run(quick: bool) -> list[Row]:
    """One release of many approved prompts to production, and of the same to staging, on each engine."""
    many = 200 if quick else _MOST
    return [_measure(name, args, many) for name, args in engines()]


def _measure(name: str, args: tuple[str, ...], many: int) -> Row:
    env = {"PROMPTOPS_ACCESS_OPERATOR_TOKENS_DECIDE": "true"}
    with server(*args, env=env) as running, project(running) as api:
        paths = [f"m{n // 100}/p{n}" for n in range(many)]
        import_many(
            api,
            many,
            lambda n: (paths[n], reviewed_prompt(says=f"Edition {n} of {{{{ branch }}}}?")),
        )
        with _as(running, "abe", "approver") as approver:
            for path in paths:
                asked = api.post(f"/projects/{PROJECT}/reviews", json={"path": path})
                asked.raise_for_status()
                approver.post(
                    f"/projects/{PROJECT}/reviews/{asked.json()['request']}/decisions",
                    json={"decision": "approve"},
                ).raise_for_status()
        with _as(running, "pia", "publisher") as publisher:
            ungated = _publish(publisher, "staging", paths)
            gated = _publish(publisher, "production", paths)
    # Compiling is done by the first of the two and kept; what the gate costs is what the second takes more.
    return Row(f"publish {many:,} approved prompts, {name}", f"{gated:.1f} s", f"without a gate {ungated:.1f} s",
               gated / ungated, f"gate ≤ {_SECONDS:.0f} s more for {_MOST:,}", gated - ungated <= _SECONDS)  # fmt: skip


def _as(running: RunningServer, name: str, role: str) -> Any:
    return running.api(running.token(name, role))


def _publish(api: Any, environment: str, paths: list[str]) -> float:
    picks = [{"path": path, "version": 1} for path in paths]
    begin = time.perf_counter()
    api.post(
        f"/projects/{PROJECT}/environments/{environment}/releases",
        json={"prompts": picks, "reason": "Benchmark"},
        timeout=300,
    ).raise_for_status()
    return time.perf_counter() - begin
