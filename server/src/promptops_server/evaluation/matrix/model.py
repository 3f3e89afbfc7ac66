"""Words of the matrix: columns, what is wanted of a cell, cells as stored and as shown. Plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from promptops_server.evaluation.matrix.verdict import Tested
from promptops_server.evaluation.model import CellCounts, Verdict

Changed = Literal["content", "suite", "target", "catalogue", "answers_as"]
"""What makes a cell out of date."""


@dataclass(frozen=True, slots=True)
class Column:
    """A target as it is now.

    `endpoint` is its model and address in one text. `catalogue_digest` is that of its entry now, None where it is not
    known, `family` that of its model. `answers_as` is what its endpoint called itself when it was last asked. `problem`
    says why it cannot be asked.
    """

    id: str
    name: str
    model: str
    endpoint: str
    catalogue_digest: str | None = None
    answers_as: str = ""
    problem: str = ""
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A prompt's version as it is wanted. `behaviour` is None for an invalid file.

    `suites` are those that belong to the prompt now, name to digest.
    """

    path: str
    version: int | None
    behaviour: str | None
    suites: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell as a run left it."""

    path: str
    target_id: str
    behaviour: str
    suites: Mapping[str, str]
    catalogue_digest: str
    endpoint: str
    model: str
    run: int
    version: int | None
    verdict: Tested
    counts: CellCounts
    cost: int | None
    latency_ms: float | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that changed since a cell was tested."""

    what: Changed
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is shown.

    `tested` is the verdict of the run, whatever changed since; None where there is no run. `run` is its number.
    """

    target: str
    verdict: Verdict
    words: str
    tested: Tested | None = None
    cases: int = 0
    passed: int = 0
    bound: float | None = None
    reasons: Sequence[Reason] = ()
    failing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    run: int | None = None
    version: int | None = None
    suites: Sequence[str] = ()
    model: str = ""
    cost: int | None = None
    latency_ms: float | None = None
    updated_at: int | None = None


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt with its cells, one per column, in their order."""

    line: Line
    cells: tuple[Cell, ...]
