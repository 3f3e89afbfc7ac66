"""What a rule is: an id, a severity, a sentence, a documented check.

Owns the declaration. Finding the rules is `registry`, running them `check`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptops.format.problem import Problem, Severity

from .page import Hit, Page

Check: TypeAlias = Callable[[Page], Iterable[Hit]]
Reads: TypeAlias = Literal["file", "text"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `documentation` is what the check's docstring says, with a bad and a good prompt. `takes` tells
    which of the parser's problems are findings of this rule; `fix` says what to do about those of them
    that do not say it themselves. A rule that reads the `file` is asked
    only about valid files, one that reads the `text` about every file that is text.
    """

    id: str
    severity: Severity
    summary: str
    documentation: str
    check: Check
    reads: Reads
    takes: Callable[[Problem], bool]
    fix: str


def rule(
    id: str,
    *,
    severity: Severity,
    summary: str,
    reads: Reads = "file",
    takes: Callable[[Problem], bool] = lambda problem: False,
    fix: str = "",
) -> Callable[[Check], Rule]:
    """Declare the decorated function as a rule; its docstring is the rule's documentation."""

    def declare(check: Check) -> Rule:
        documentation = inspect.cleandoc(check.__doc__ or "")
        return Rule(id, severity, summary, documentation, check, reads, takes, fix)

    return declare


def codes(*wanted: str) -> Callable[[Problem], bool]:
    """For `takes`: the parser's problems with one of these codes."""
    return lambda problem: problem.code in wanted
