"""Reads of the SDK while releases arrive, beside the same reads while none does.

Two kinds of reader: one that rests like a service does between its requests, and one that reads without a pause. A thread
of Python runs when the interpreter hands over to it: a reader that never rests is stopped in the middle of something now
and then for as long as the follower works on a release, whatever it reads. So it is beside a reader of a plain dictionary
in the same process that meets the same releases.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from benchmarks.releasing import Releasing, releasing
from benchmarks.row import Row, micros
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server

SLOW = 50e-6
A_SECOND = 10
"""Releases, while they arrive."""


def run(quick: bool) -> list[Row]:
    """By turns: no releases, releases; and within each, our reads and those of a dictionary."""
    from promptops import PromptOps

    seconds, turns = (1.5, 3) if quick else (5.0, 6)
    with server() as running, project(running) as api:
        versions = [put(api, "claims/triage", prompt_text(0))]
        versions.append(put(api, "claims/triage", prompt_text(1), versions[0]))
        publish(api, "staging", "claims/triage", versions[1])
        admin = running.token("releaser", "admin")
        token = running.token("app", "delivery", PROJECT, "staging")
        with PromptOps(
            url=running.url, token=token, project=PROJECT, environment="staging", disk_cache=False
        ) as ops:
            plain = {"claims/triage": object()}
            readers: dict[str, Callable[[], object]] = {
                "get": lambda: ops.get("claims/triage"),
                "dict": lambda: plain["claims/triage"],
            }
            found: dict[tuple[str, bool, bool], _Times] = {}
            for _ in range(turns):
                _measure(found, readers, seconds, None)
                with releasing(
                    running.url, admin, "claims/triage", versions, a_second=A_SECOND
                ) as releases:
                    _measure(found, readers, seconds, releases)
    rows = []
    for rests, what in ((True, "that rest between requests"), (False, "without a pause")):
        ours, quiet = found["get", rests, True], found["get", rests, False]
        dictionary = found["dict", rests, True]
        # What is slow without a release, or without the SDK, is the doing of the machine and the interpreter; it varies.
        expected = ours.seconds * max(quiet.slow_a_second(), dictionary.slow_a_second())
        met = ours.slow <= expected + 2 * math.sqrt(expected + 1)
        rows.append(
            Row(f"SDK reads {what}, {A_SECOND} releases a second: p50 / p99.99, slower than 50 µs",
                f"{ours.shown()}, {ours.slow} of {ours.count:,} ({ours.releases} releases)",
                f"no releases {quiet.shown()}, {quiet.slow} of {quiet.count:,}; "
                f"a dict with them {dictionary.shown()}, {dictionary.slow} of {dictionary.count:,}",
                ours.quantile(0.9999) / quiet.quantile(0.9999),
                "none because of a release", met)
        )  # fmt: skip
    return rows


def _measure(
    found: dict[tuple[str, bool, bool], _Times],
    readers: dict[str, Callable[[], object]],
    seconds: float,
    releases: Releasing | None,
) -> None:
    for name, read in readers.items():
        for rests in (True, False):
            before = 0 if releases is None else releases.made
            times = found.setdefault((name, rests, releases is not None), _Times())
            times.measure(read, seconds, rests=rests)
            times.releases += 0 if releases is None else releases.made - before


class _Times:
    """Seconds of reads, with the cost of the clock; the fast ones thinned out to a sample."""

    def __init__(self) -> None:
        self.count = self.slow = self.releases = 0
        self.seconds = 0.0
        self._steps: dict[int, int] = {}

    def measure(self, read: Callable[[], object], seconds: float, *, rests: bool) -> None:
        """Read for so long, in groups of a hundred."""
        clock, steps = time.perf_counter_ns, self._steps
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            taken = []
            for _ in range(100):
                at = clock()
                read()
                taken.append(clock() - at)
            for nanoseconds in taken:
                step = nanoseconds if nanoseconds < 1000 else nanoseconds // 100 * 100
                steps[step] = steps.get(step, 0) + 1
            self.count += 100
            self.slow += sum(nanoseconds > SLOW * 1e9 for nanoseconds in taken)
            if rests:
                time.sleep(0.0005)
        self.seconds += time.perf_counter() - begin

    def slow_a_second(self) -> float:
        """Reads slower than 50 µs in a second of reading."""
        return self.slow / self.seconds

    def quantile(self, q: float) -> float:
        """Seconds."""
        left = q * self.count
        for step, many in sorted(self._steps.items()):
            left -= many
            if left <= 0:
                return step / 1e9
        return max(self._steps) / 1e9

    def shown(self) -> str:
        """p50 and p99.99."""
        return f"{micros(self.quantile(0.5))} / {micros(self.quantile(0.9999))}"
