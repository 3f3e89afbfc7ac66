"""An evidence pack over HTTP, and checking it: beside hashing and zipping the same files and nothing else."""

from __future__ import annotations

import hashlib
import io
import statistics
import time
import zipfile

from benchmarks.engines import engines
from benchmarks.row import Row, millis
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server
from promptops.evidence.check import check

_SECONDS = 2.0


def run(quick: bool) -> list[Row]:
    """A pack of an ordinary prompt on each engine, and its check."""
    rounds = 5 if quick else 20
    out = []
    content = b""
    for name, args in engines():
        with server(*args) as running, project(running) as api:
            version = None
            for edition in range(10):
                version = put(api, "claims/triage", prompt_text(edition), version)
                publish(api, "staging", "claims/triage", version)
            times = []
            for _ in range(rounds):
                begin = time.perf_counter()
                answer = api.get(f"/projects/{PROJECT}/evidence/claims/triage@staging")
                times.append(time.perf_counter() - begin)
                answer.raise_for_status()
                content = answer.content
        out.append(_row(f"evidence pack over HTTP, {name}", statistics.median(times), content))
    begin = time.perf_counter()
    for _ in range(rounds):
        assert check(content).ok
    out.append(
        _row("evidence pack checked offline", (time.perf_counter() - begin) / rounds, content)
    )
    return out


def _row(what: str, seconds: float, content: bytes) -> Row:
    floor = _hash_and_zip(content)
    size = f"{len(content) / 1024:,.0f} kB"
    return Row(what, f"{millis(seconds)} ({size})", f"hash and zip {millis(floor)}",
               seconds / floor, f"≤ {_SECONDS:.0f} s", seconds <= _SECONDS)  # fmt: skip


def _hash_and_zip(content: bytes) -> float:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    begin = time.perf_counter()
    with zipfile.ZipFile(io.BytesIO(), "w") as made:
        for name, each in files.items():
            hashlib.sha256(each).hexdigest()
            made.writestr(name, each)
    return time.perf_counter() - begin
