"""`import promptops` in a fresh interpreter, against an interpreter that imports nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.row import Row, millis


def run(quick: bool) -> list[Row]:
    """Median of several fresh interpreters."""

    def start(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begin

    rounds = 5 if quick else 15
    empty, ours = [], []
    for _ in range(rounds):  # interleaved, so that a slow moment hits both
        empty.append(start("pass"))
        ours.append(start("import promptops; promptops.PromptOps"))
    floor, total = statistics.median(empty), statistics.median(ours)
    net = total - floor
    return [
        Row("import promptops", millis(net), f"empty interpreter {millis(floor)}", total / floor,
            "≤ 150 ms", net <= 0.150),
    ]  # fmt: skip
