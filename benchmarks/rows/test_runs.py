"""A test run of 400 calls, command included, beside a bare aiohttp client against the same endpoint in the same run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.engines import engines
from benchmarks.row import Row
from benchmarks.stage import PROJECT, project, server

CALLS = 400
LATENCY = 0.05
LONGEST = 1.5
"""Seconds at 100 in flight."""
MOST_CPU_MS = 2.5
ROUNDS = 3


def run(quick: bool) -> list[Row]:
    """The whole command at 32 and at 100 calls in flight, and what a call costs in CPU."""
    from support.openai_server import OpenAIServer

    rows: list[Row] = []
    for name, args in engines():
        with (
            OpenAIServer(answer=lambda body: "yes", latency=LATENCY) as endpoint,
            server(*args) as running,
            project(running) as api,
        ):
            _prompt(api)
            for at_once in (32, 100):
                _target(api, endpoint.url, at_once)
                rows += _rows(name, running, endpoint.url, at_once, 1 if quick else ROUNDS)
    return rows


def _rows(name: str, running: Any, url: str, at_once: int, rounds: int) -> list[Row]:
    from support.server import BIN

    token = running.token("bench", "admin")
    env = {**os.environ, "PROMPTOPS_URL": running.url, "PROMPTOPS_TOKEN": token}
    command = [str(BIN / "promptops"), "test", f"{PROJECT}/test/asked", "--fresh"]
    command += ["--models", f"at-{at_once}"]
    took: list[float] = []
    cpu: list[float] = []
    bare: list[float] = []
    for number in range(rounds + 1):
        bare.append(asyncio.run(_bare(url, at_once)))
        before, began = _cpu(running.process.pid), time.perf_counter()
        subprocess.run(command, env=env, check=True, capture_output=True)
        if number:  # the first one loads what is only loaded once
            took.append(time.perf_counter() - began)
            cpu.append((_cpu(running.process.pid) - before) * 1000 / CALLS)
    ours, floor = min(took), min(bare)
    ideal = -(-CALLS // at_once) * LATENCY
    limit = 2 * ideal if at_once == 32 else LONGEST
    said = f"≤ {limit:.2f} s" + (" (2× the ideal)" if at_once == 32 else "")
    return [
        Row(
            f"test run of {CALLS} calls, {at_once} in flight, {name}",
            f"{ours:.2f} s",
            f"bare client {floor:.2f} s, ideal {ideal:.2f} s",
            ours / ideal,
            said,
            ours <= limit,
        ),
        Row(
            f"server's CPU a call, {at_once} in flight, {name}",
            f"{min(cpu):.2f} ms",
            "",
            None,
            f"≤ {MOST_CPU_MS} ms",
            min(cpu) <= MOST_CPU_MS,
        ),
    ]


def _prompt(api: Any) -> None:
    cases = "".join(f"  - {{question: 'number {n}?'}}\n" for n in range(CALLS))
    text = (
        "messages:\n  - {role: user, content: '{{ question }}'}\n"
        f"testData:\n{cases}evaluators:\n  - {{name: says yes, string: {{contains: 'yes'}}}}\n"
    )
    put = {"content": text, "headers": {"Content-Type": "application/yaml"}}
    api.put(f"/projects/{PROJECT}/prompts/test/asked", **put).raise_for_status()


def _target(api: Any, url: str, at_once: int) -> None:
    target = {
        "name": f"at-{at_once}",
        "provider": "openai_compatible",
        "model": "m",
        "base_url": url,
        "limits": {"concurrency": at_once},
    }
    api.post("/models", json=target).raise_for_status()


async def _bare(url: str, at_once: int) -> float:
    """Seconds of the same calls by aiohttp alone."""
    import aiohttp

    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "number?"}]})
    headers = {"content-type": "application/json"}
    turn = asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call() -> None:
            async with turn, session.post(f"{url}/chat/completions", data=body) as answer:
                await answer.json()

        began = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLS)))
        return time.perf_counter() - began


def _cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
