"""A process of the SDK that starts on a large environment: seconds until its first read, bytes, memory.

Every start is a fresh interpreter. The floor is one that fetches and parses the same bytes with the same HTTP library
and verifies nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

import httpx2

from benchmarks.crowd import redis_server
from benchmarks.row import Row
from benchmarks.stage import PROJECT, import_many, project, prompt_text, publish_many, server

_COMMON = """
import json, sys, time
from pathlib import Path
def resident():
    return next(int(l.split()[1]) / 1024 for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("VmRSS"))
options = json.loads(sys.argv[1])
"""
_OURS = f"""{_COMMON}
from promptops import PromptOps
import httpx2, redis
imported, begin = resident(), time.perf_counter()
ops = PromptOps(disk_cache=False, start_timeout=60, **options)
ops.get("area-07/prompt-000007")
took = time.perf_counter() - begin
assert ops.health().source == "live" and len(ops.snapshot()) == int(sys.argv[2])
print(json.dumps([took, resident() - imported]))
"""
_BARE = f"""{_COMMON}
import httpx2
imported, begin = resident(), time.perf_counter()
answer = httpx2.get(options["url"] + "/delivery/v1/bench/staging", timeout=60,
                    headers={{"Authorization": "Bearer " + options["token"]}})
held = json.loads(answer.content)
took = time.perf_counter() - begin
assert len(held["entries"]) == int(sys.argv[2])
del answer
print(json.dumps([took, resident() - imported]))
"""
MANY = 10_000


def run(quick: bool) -> list[Row]:
    """Medians of starts over HTTP, over Redis and bare, by turns."""
    with redis_server() as redis_url, server("--redis-url", redis_url) as running:
        with project(running) as api:
            import_many(api, MANY, lambda number: (_path(number), prompt_text(number)))
            publish_many(api, "staging", [_path(number) for number in range(MANY)])
        token = running.token("app", "delivery", PROJECT, "staging")
        over_http = {
            "url": running.url, "token": token, "project": PROJECT, "environment": "staging"
        }  # fmt: skip
        packed, plain = _bytes(running.url, token)
        programs = {
            "bare": (_BARE, over_http),
            "HTTP": (_OURS, over_http),
            "Redis": (_OURS, {**over_http, "redis_url": redis_url}),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for _ in range(3 if quick else 7):
            for name, (program, options) in programs.items():
                found[name].append(_start(program, options))
    rows = []
    times = {name: statistics.median(one[0] for one in ones) for name, ones in found.items()}
    memory = {name: statistics.median(one[1] for one in ones) for name, ones in found.items()}
    for name in ("HTTP", "Redis"):
        rows.append(
            Row(f"SDK process starts on {MANY:,} live prompts over {name}, until its first read",
                f"{times[name]:.2f} s, {memory[name]:.0f} MB",
                f"fetch and parse {times['bare']:.2f} s, {memory['bare']:.0f} MB",
                times[name] / times["bare"], "≤ 5 s", times[name] <= 5.0)
        )  # fmt: skip
    rows.append(
        Row(f"bytes of a snapshot of {MANY:,} prompts", f"{packed / 1e6:.1f} MB packed",
            f"plain {plain / 1e6:.1f} MB", packed / plain, "", None)
    )  # fmt: skip
    return rows


def _start(program: str, options: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(options), str(MANY)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    took, megabytes = json.loads(done.stdout.splitlines()[-1])
    return took, megabytes


def _bytes(url: str, token: str) -> tuple[int, int]:
    sizes = []
    for coding in ("gzip", "identity"):
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": coding}
        with httpx2.stream(
            "GET", f"{url}/delivery/v1/{PROJECT}/staging", headers=headers, timeout=60
        ) as answer:
            answer.raise_for_status()
            sizes.append(sum(len(piece) for piece in answer.iter_raw()))
    return sizes[0], sizes[1]


def _path(number: int) -> str:
    return f"area-{number % 50:02}/prompt-{number:06}"
