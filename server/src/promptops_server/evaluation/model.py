"""Words of evaluation: cases, checks, scores, runs. Plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from promptops_server.providers.model import Reply

RunState = Literal["waiting", "running", "done", "cancelled", "stopped", "failed"]
"""`stopped`: the next call could have cost more than was allowed; `failed`: the run itself broke, with a `problem`.
All but waiting and running are ends; cancelled, stopped and failed runs can be resumed."""
ENDED: frozenset[str] = frozenset(("done", "cancelled", "stopped", "failed"))

ResultState = Literal["waiting", "done", "error", "skipped"]
"""Of one call: `error` has a fault; `skipped` was never sent (`no_credentials`, `cannot_express`, `budget`, …)."""

Verdict = Literal["works", "needs_tuning", "fails", "untested", "out_of_date"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing asked of every answer (or of one case's): an evaluator of a kind with its settings.

    `required` checks decide the verdict; others are shown beside it. `settings` is what the file says under `kind`.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One set of inputs. `key` identifies it within its suite and stays when other cases are added.

    `expected` is what the answer is compared with, where the case says; `checks` are the case's own. `values` are
    further ones that no input takes and texts of checks may name, such as `{{label}}`.
    """

    key: str
    name: str
    inputs: Mapping[str, Any]
    expected: Any = None
    checks: tuple[Check, ...] = ()
    tags: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases with the checks that hold for all of them.

    `name` is `testData` for the prompt file's own, else the path of the suite's file without its ending, or the name
    of a file given with the command. `digest` covers cases and checks as canonical JSON.
    """

    name: str
    digest: str
    cases: tuple[Case, ...]
    checks: tuple[Check, ...] = ()
    blob: str | None = None
    """The Git blob it was read from, where it stands in the project."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an evaluator sees of a call."""

    reply: Reply
    cost: int | None
    """Millionths of a US dollar; None where the price is unknown."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one check made of one answer.

    `passed` is None when it could not be told (`detail` says why); that counts as not passed for a required check.
    `value` is the measured number where there is one.
    """

    check: str
    kind: str
    passed: bool | None
    value: float | None = None
    detail: str = ""
    required: bool = True
    cost: int = 0
    """What judging itself cost, millionths of a US dollar."""


@dataclass(frozen=True, slots=True)
class CellCounts:
    """What the verdict of a cell follows from. Repeats of one case are one observation: it passed if every repeat did.

    Attributes:
        cases: cases that were to be called.
        passed: cases whose every repeat passed every required check.
        partly: cases of which some required check, or some repeat, passed.
        failing: per check, the keys of the cases it did not pass, the first few.
    """

    cases: int
    passed: int
    partly: int
    failing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    """Per fault, the calls that gave no answer."""
    answered: int = 0
    """Cases of which at least one call was answered."""
    unchecked: int = 0
    """Answered cases that no required check looked at: they say nothing."""
