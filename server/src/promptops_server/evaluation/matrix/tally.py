"""Counting the results of one target in one run: row by row, in the order of suites and cases. Pure, bounded memory.

What the counts come to is `verdict`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from promptops_server.evaluation.model import CellCounts

MOST_CHECKS: Final = 20
MOST_CASES: Final = 5
"""Cases that are kept by name for each failing check."""


@dataclass(slots=True)
class _Case:
    """The repeats of one case so far."""

    suite: str
    key: str
    calls: int = 0
    passed: int = 0
    answered: int = 0
    asked: bool = False
    """Some required check looked at an answer."""
    partly: bool = False


@dataclass(slots=True)
class Tally:
    """Counts the results of one target.

    `named_by_suite` puts the suite before a case's key, for runs of several suites.
    """

    named_by_suite: bool = False
    waiting: int = 0
    cost: int | None = 0
    _cases: int = 0
    _passed: int = 0
    _partly: int = 0
    _answered: int = 0
    _unchecked: int = 0
    _failing: dict[str, list[str]] = field(default_factory=dict)
    _errors: Counter[str] = field(default_factory=Counter)
    _case: _Case | None = None

    def add(
        self,
        suite: str,
        key: str,
        state: str,
        *,
        fault: str | None = None,
        passed: bool | None = None,
        scores: str | None = None,
        cost: int | None = None,
    ) -> None:
        """One result. Those of one case follow each other."""
        case = self._case
        if case is None or (case.suite, case.key) != (suite, key):
            self._close()
            case = self._case = _Case(suite, key)
        case.calls += 1
        if state == "waiting":
            self.waiting += 1
            self._errors["not_sent"] += 1
            return
        if state != "done":
            self._errors[fault or "failed"] += 1
            return
        self.cost = None if self.cost is None or cost is None else self.cost + cost
        case.answered += 1
        case.passed += bool(passed)
        case.partly |= bool(passed)
        for score in _required(scores):
            case.asked = True
            if score.get("passed"):
                case.partly = True
            else:
                self._fails(str(score.get("check", "")), suite, key)

    def counts(self) -> CellCounts:
        """What was counted. Nothing is added after it."""
        self._close()
        return CellCounts(
            cases=self._cases,
            passed=self._passed,
            partly=self._partly,
            failing={check: tuple(cases) for check, cases in self._failing.items()},
            errors=dict(self._errors),
            answered=self._answered,
            unchecked=self._unchecked,
        )

    def _close(self) -> None:
        case, self._case = self._case, None
        if case is None:
            return
        self._cases += 1
        self._answered += case.answered > 0
        if case.answered and not case.asked:
            self._unchecked += 1
        elif case.passed == case.calls:
            self._passed += 1
        elif case.partly:
            self._partly += 1

    def _fails(self, check: str, suite: str, key: str) -> None:
        if check not in self._failing and len(self._failing) == MOST_CHECKS:
            return
        cases = self._failing.setdefault(check, [])
        name = f"{suite}/{key}" if self.named_by_suite else key
        if name not in cases and len(cases) < MOST_CASES:
            cases.append(name)


def _required(scores: str | None) -> list[dict[str, Any]]:
    found = json.loads(scores) if scores else []
    return [score for score in found if score.get("required", True)]
