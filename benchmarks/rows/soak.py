"""Five releases a second for as long as `--minutes` says: the memory of server, Redis and followers has to stay flat.

    python -m benchmarks soak --minutes 60

Twenty followers in two processes, half of them over Redis and half over server-sent events. Memory is read every two
seconds. What is kept of old releases on purpose (500 of them) fills up at first: the first third of the run is left out,
and the rest compared by the slope of a line through it. Short runs say little about leaks and are not judged.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.crowd import crowd
from benchmarks.releasing import releasing
from benchmarks.row import Row
from benchmarks.rows.memory import resident_mb
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server

A_SECOND = 5
_EVERY = 2.0
_JUDGED_MINUTES = 5.0
_GROWTH = 0.05
"""Share of its memory that a process may grow by in the last two thirds of the run."""


def run(quick: bool, minutes: float | None = None) -> list[Row]:
    """A row for each process: memory at the start and the end of what is compared, and MB for 1,000 releases."""
    import tempfile

    from promptops_server.infra.redis_process import RedisProcess

    seconds = 60 * (minutes if minutes is not None else 0.5 if quick else 5.0)
    with tempfile.TemporaryDirectory(prefix="po-") as folder:
        redis = RedisProcess(Path(folder))
        redis.start()
        try:
            found, made = _soak(redis, seconds)
        finally:
            redis.stop()
    judged = seconds >= 60 * _JUDGED_MINUTES
    rows = []
    for name, samples in found.items():
        kept = samples[len(samples) // 3 :]
        growth, middle = _growth(kept), statistics.median(kept)
        per_thousand = growth / (made * len(kept) / len(samples)) * 1000
        rows.append(
            Row(f"memory of {name}, {made:,} releases in {seconds / 60:g} min, a third in → end",
                f"{middle - growth / 2:.1f} → {middle + growth / 2:.1f} MB ({per_thousand:+.2f} MB for 1,000 releases)",
                f"at the start {samples[0]:.1f} MB", middle / samples[0],
                f"≤ {_GROWTH:.0%} more" if judged else "(too short to judge)",
                growth <= _GROWTH * middle if judged else None)
        )  # fmt: skip
    rate = made / seconds
    rows.append(
        Row("releases a second meanwhile, all followed", f"{rate:.2f} /s", f"asked for {A_SECOND} /s",
            rate / A_SECOND, "≥ 0.95", rate >= 0.95 * A_SECOND)
    )  # fmt: skip
    return rows


def _soak(redis: object, seconds: float) -> tuple[dict[str, list[float]], int]:
    with server("--redis-url", redis.url) as running, project(running) as api:  # type: ignore[attr-defined]
        versions = [put(api, "claims/triage", prompt_text(0))]
        versions.append(put(api, "claims/triage", prompt_text(1), versions[0]))
        publish(api, "staging", "claims/triage", versions[0])
        token = running.token("app", "delivery", PROJECT, "staging")
        admin = running.token("releaser", "admin")
        options = {"url": running.url, "token": token, "project": PROJECT, "environment": "staging"}
        assert running.process is not None
        server_pid, redis_pid = running.process.pid, redis.pid  # type: ignore[attr-defined]
        with (
            crowd("follower", 10, among=1, redis_url=redis.url, **options) as over_redis,  # type: ignore[attr-defined]
            crowd("follower", 10, among=1, **options) as over_http,
        ):
            look: dict[str, Callable[[], float]] = {
                "the server": lambda: resident_mb(server_pid),
                "Redis": lambda: resident_mb(redis_pid),
                "10 followers over Redis": over_redis.memory,
                "10 followers over server-sent events": over_http.memory,
            }
            found: dict[str, list[float]] = {name: [] for name in look}
            with releasing(
                running.url, admin, "claims/triage", versions, a_second=A_SECOND
            ) as releases:
                begin, already = time.monotonic(), releases.made
                while time.monotonic() - begin < seconds:
                    for name, memory in look.items():
                        found[name].append(memory())
                    time.sleep(_EVERY)
                made = releases.made - already
            head = api.get(f"/projects/{PROJECT}/environments/staging/releases").json()["items"][0]
            for followers in (over_redis, over_http):
                assert len(followers.times(head["number"])) == 10  # nobody fell behind
    return found, made


def _growth(samples: Sequence[float]) -> float:
    """What a line through the samples rises by from the first to the last."""
    if len(samples) < 2:
        return 0.0
    slope, _ = statistics.linear_regression(range(len(samples)), samples)
    return slope * (len(samples) - 1)
