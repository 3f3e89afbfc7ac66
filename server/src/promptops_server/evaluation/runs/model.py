"""Runs and their results as values. Money is in millionths of a US dollar, times are in microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptops_server.evaluation.model import ENDED, Suite
from promptops_server.providers.model import Target


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a run; `ordinal` is its place in the plan, from 0."""

    ordinal: int
    target_id: str
    suite: str
    case_key: str
    repeat: int


@dataclass(slots=True)
class Tally:
    """How far a run is with one target. `cost` counts what was paid, not what was used again.

    `unpriced` counts answers whose cost is not known: of a model without a price, or without usage.
    """

    calls: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    unchecked: int = 0
    """Answered, and no required check looks at the answer: neither passed nor failed."""
    reused: int = 0
    cost: int = 0
    unpriced: int = 0

    @property
    def ended(self) -> int:
        """Calls that have their result."""
        return self.passed + self.failed + self.unchecked + self.errors + self.skipped


@dataclass(slots=True)
class Progress:
    """Where a run stands, by target id."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """Calls that have their result."""
        return sum(tally.ended for tally in self.tallies.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A run without its plan. `targets` are as they were when it was planned, without secrets."""

    id: str
    project_id: str
    number: int
    path: str
    version: int | None
    behaviour: str
    suites: tuple[Mapping[str, Any], ...]
    suites_key: str
    suites_digest: str
    targets: tuple[Target, ...]
    repeat: int
    max_cost: int | None
    fresh: bool
    state: str
    problem: str | None
    cancel_asked: bool
    attempt: int
    calls: int
    cost: int
    reserved: int
    progress: Progress
    created_at: int
    created_by: str
    started_at: int | None
    ended_at: int | None

    @property
    def over(self) -> bool:
        """Whether nothing will happen any more by itself."""
        return self.state in ENDED

    @property
    def revision(self) -> str:
        """Changes whenever a person looking at the run would see something new."""
        asked = "c" if self.cancel_asked else ""
        return f"{self.attempt}{self.state[0]}{self.state[-1]}{self.progress.ended}{asked}"

    def target(self, target_id: str) -> Target:
        """The target of this id. Raises KeyError."""
        for target in self.targets:
            if target.id == target_id:
                return target
        raise KeyError(target_id)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a run was planned from, whole: all that carrying it out and resuming it need."""

    artifact: Mapping[str, Any]
    suites: tuple[Suite, ...]


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Settings `test_runs.*`.

    `budget_seconds` is how long a call waits for room in a budget that others' calls hold. After so long even what a
    killed process had set aside counts as spent.
    """

    calls: int = 10_000
    call_seconds: float = 180.0
    keep_days: float = 365.0
    budget_seconds: float = 900.0
