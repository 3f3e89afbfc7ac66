"""How long a release took to spread, as counts in fixed steps: small to keep, and sums of several servers are exact.

A step is at most 12 % wide, so that a percentile read from it is at most so much above the true one. Pure.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

_IN_A_DECADE = (1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9)  # fmt: skip
STEPS: tuple[float, ...] = tuple(
    round(step * 10.0**decade, 3) for decade in range(-1, 7) for step in _IN_A_DECADE
)
"""Upper ends in milliseconds, from 0.1 ms to about two and a half hours."""

SHOWN: tuple[float, ...] = (
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000,
)  # fmt: skip
"""The ends of the columns that people are shown: coarser, and each one also an end of a step."""


@dataclass(slots=True)
class Lags:
    """Counts by step (its place in `STEPS`, or their number for what is longer), and the longest of all exactly."""

    counts: dict[int, int] = field(default_factory=dict)
    slowest_ms: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Lags:
        """Of lags in milliseconds."""
        made = cls()
        for value in values:
            made.add(value)
        return made

    @classmethod
    def parse(cls, text: str, slowest_ms: float) -> Lags:
        """What `text` wrote."""
        return cls({int(step): n for step, n in json.loads(text).items()}, slowest_ms)

    def text(self) -> str:
        """The counts as JSON: step to count."""
        return json.dumps({str(step): n for step, n in sorted(self.counts.items())})

    def add(self, value: float) -> None:
        """Count one."""
        step = bisect_left(STEPS, value)
        self.counts[step] = self.counts.get(step, 0) + 1
        self.slowest_ms = max(self.slowest_ms, value)

    def merge(self, other: Lags) -> None:
        """Count all of the other too."""
        for step, n in other.counts.items():
            self.counts[step] = self.counts.get(step, 0) + n
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.counts.values())

    def percentile(self, share: float) -> float | None:
        """The upper end of the step that holds this share (0 to 1) of all, never above the longest; None of nothing."""
        wanted = ceil(share * self.total)
        if not self.total:
            return None
        reached = 0
        for step, n in sorted(self.counts.items()):
            reached += n
            if reached >= wanted:
                return min(_end(step, self.slowest_ms), self.slowest_ms)
        return self.slowest_ms

    def columns(self) -> list[tuple[float | None, int]]:
        """How many lie in each column, by its upper end; None is the last one's, which has none."""
        return list(_columns(self.counts).items())


def _end(step: int, slowest: float) -> float:
    return STEPS[step] if step < len(STEPS) else slowest


def _columns(counts: Mapping[int, int]) -> dict[float | None, int]:
    columns: dict[float | None, int] = dict.fromkeys((*SHOWN, None), 0)
    for step, n in counts.items():
        end = STEPS[step] if step < len(STEPS) else float("inf")
        column = bisect_left(SHOWN, end)
        columns[SHOWN[column] if column < len(SHOWN) else None] += n
    return columns
