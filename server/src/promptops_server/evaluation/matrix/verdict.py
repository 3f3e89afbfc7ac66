"""From what a run counted to a verdict, the words beside it and how sure it is. Pure.

The rule, as people read it: *works*: every required check passes on every case. *Needs tuning*: some pass. *Fails*: none
passes. *Untested*: no call was answered, or no required check looked at the answers. Repeats of one case are one
observation. A check that is not required never changes a verdict.

The bound is the lower end of Wilson's score interval at 95 %, two-sided (E. B. Wilson, "Probable inference, the law of
succession, and statistical inference", JASA 22, 1927, 209-212): with six of six it is 61 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from promptops_server.evaluation.model import CellCounts

Tested = Literal["works", "needs_tuning", "fails", "untested"]

Z: Final = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % on either side."""
SHOWN = 3
"""Checks, and cases of a check, that a sentence names."""

FAULTS: Final[Mapping[str, str]] = {
    "no_credentials": "no credentials",
    "not_sent": "not sent",
    "budget": "the budget is used up",
    "cannot_express": "the model cannot be asked this",
    "data_class": "the data is too protected for the target",
    "rate_limit": "rate limit",
    "time_out": "time-out",
    "context_too_long": "context too long",
    "invalid_parameter": "invalid parameter",
    "not_found": "no such model",
    "bad_answer": "an answer that cannot be read",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with its reasons.

    `bound` is the share of such cases that will pass at least, with 95 % confidence; None while untested. `words` say
    what the verdict follows from.
    """

    verdict: Tested
    words: str
    bound: float | None


def judge(counts: CellCounts) -> Judged:
    """The verdict that these counts come to."""
    if counts.cases == 0:
        return Judged("untested", "there are no cases", None)
    if counts.answered == 0:
        return Judged("untested", _why(counts) or "no call was answered", None)
    if counts.unchecked >= counts.answered:
        return Judged("untested", "no required check looks at the answers", None)
    bound = lower_bound(counts.passed, counts.cases)
    shown = f"{counts.passed}/{counts.cases}, lower bound {percent(bound)}"
    if counts.passed == counts.cases and counts.unchecked == 0:
        return Judged("works", shown, bound)
    told = "; ".join(part for part in (shown, _unchecked(counts), _failing(counts)) if part)
    if counts.passed or counts.partly:
        return Judged("needs_tuning", told, bound)
    return Judged("fails", told, bound)


def lower_bound(passed: int, cases: int) -> float:
    """The lower end of Wilson's interval for `passed` of `cases`, from 0 to 1. Without cases it is 0."""
    if cases <= 0 or passed <= 0:
        return 0.0
    share, square = passed / cases, Z * Z
    middle = share + square / (2 * cases)
    spread = Z * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases))
    return max(0.0, (middle - spread) / (1 + square / cases))


def cases_needed(bound: float) -> int:
    """How many cases, all of which pass, it takes for the lower bound to reach `bound` (below 1).

    Raises:
        ValueError: no number of cases proves certainty.
    """
    if not bound < 1:
        raise ValueError("a bound is below 1")
    if bound <= 0:
        return 1
    # With all passing the bound is n / (n + z²).
    needed = max(1, math.ceil(bound * Z * Z / (1 - bound)))
    while lower_bound(needed, needed) < bound:
        needed += 1
    while needed > 1 and lower_bound(needed - 1, needed - 1) >= bound:
        needed -= 1
    return needed


def percent(share: float, *, under: float | None = None) -> str:
    """A share in whole per cent. One that is `under` what was asked for is never rounded up to it."""
    shown = round(share * 100)
    if under is not None and share < under and shown >= under * 100:
        return f"{math.floor(share * 1000) / 10:g} %"
    return f"{shown} %"


def fault_words(fault: str) -> str:
    """A fault as a sentence names it."""
    return FAULTS.get(fault, fault.replace("_", " "))


def _why(counts: CellCounts) -> str:
    """`no credentials`, or several with how many calls each."""
    errors = sorted(counts.errors.items(), key=lambda item: (-item[1], item[0]))
    if len(errors) == 1:
        return fault_words(errors[0][0])
    return ", ".join(f"{fault_words(fault)} ×{calls}" for fault, calls in errors)


def _unchecked(counts: CellCounts) -> str:
    if not counts.unchecked:
        return ""
    return f"no required check looks at {counts.unchecked} of them"


def _failing(counts: CellCounts) -> str:
    told = []
    for check, cases in list(counts.failing.items())[:SHOWN]:
        more = " …" if len(cases) > SHOWN else ""
        told.append(f"{check} fails on {', '.join(cases[:SHOWN])}{more}")
    if len(counts.failing) > SHOWN:
        told.append(f"{len(counts.failing) - SHOWN} more checks fail")
    if counts.errors:
        told.append(f"no answer: {_why(counts)}")
    return "; ".join(told)
