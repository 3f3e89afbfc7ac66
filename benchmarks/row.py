"""A measured figure, and how it is summarised."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is ours over the floor (times) or ours over the peer (rates)."""

    what: str
    ours: str
    floor: str
    ratio: float | None
    target: str
    met: bool | None


def per_call(work: Callable[[], object], number: int, rounds: int = 7) -> float:
    """Seconds per call: the median of several rounds."""
    return statistics.median(timeit.repeat(work, number=number, repeat=rounds)) / number


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile (0…1) of the values, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]


def micros(seconds: float) -> str:
    """Seconds as microseconds."""
    return f"{seconds * 1e6:,.2f} µs"


def millis(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1e3:,.2f} ms"
