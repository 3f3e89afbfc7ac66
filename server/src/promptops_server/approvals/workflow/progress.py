"""What the decisions of a request come to: its state, what is still missing, and when the approval lapses. Pure.

Rules of the compliance reference, section 4: authors never decide; one human counts once; a decision counts only for
the content, documentation and tier it was made about; reviews come before approvals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from promptops_server.approvals.workflow.demands import Demands
from promptops_server.approvals.workflow.model import (
    Binding,
    Decision,
    Request,
    State,
    Step,
    Verdict,
)

_POSITIVE = frozenset({"review", "validate", "approve"})


@dataclass(frozen=True, slots=True)
class Missing:
    """A step that is not complete: how many more decisions it takes, and of whom."""

    step: Step
    count: int
    from_risk: bool = False
    """Of the approvals still missing, one must come from the control function."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a request stands. `counted` are the decisions in favour that count."""

    state: State
    counted: tuple[Decision, ...] = ()
    missing: tuple[Missing, ...] = ()
    approved_at: int | None = None
    lapses_at: int | None = None
    """When the approval counts no more unless it is used; None once used, or while there is none."""

    @property
    def next_steps(self) -> tuple[Step, ...]:
        """The steps that decisions are taken for now: reviews and validations before approvals."""
        steps = tuple(m.step for m in self.missing)
        return tuple(s for s in steps if s != "approve") or steps


def progress(
    request: Request,
    decisions: Sequence[Decision],
    *,
    now_bound_to: Binding,
    authors: Collection[str],
    demands: Demands,
    now: int,
    lapse_us: int,
) -> Progress:
    """The state a request is in at `now` (microseconds); `decisions` in the order they were made."""
    closing = _closed(decisions)
    if closing is not None:
        return Progress(closing)
    counted = tuple(_counted(decisions, now_bound_to, authors, demands))
    if any(_last(decisions, d.identity) == "request_changes" for d in decisions):
        return Progress("changes_requested", counted, tuple(_missing(counted, demands)))
    missing = tuple(_missing(counted, demands))
    if missing:
        waits_for_approval = all(m.step == "approve" for m in missing)
        reviewed = waits_for_approval and (demands.reviews or demands.validations)
        return Progress("reviewed" if reviewed else "in_review", counted, missing)
    approved_at = max((d.at for d in counted), default=request.opened_at)
    since = max(approved_at, request.renewed_at or 0)
    lapses_at = None if request.used_at is not None else since + lapse_us
    if lapses_at is not None and now >= lapses_at:
        return Progress("lapsed", counted, (), approved_at, lapses_at)
    return Progress("approved", counted, (), approved_at, lapses_at)


def _closed(decisions: Sequence[Decision]) -> State | None:
    for decision in reversed(decisions):
        if decision.verdict == "revoke":
            return "revoked"
        if decision.verdict == "withdraw":
            return "withdrawn"
        if decision.verdict == "reject":
            return "rejected"
    return None


def _last(decisions: Sequence[Decision], identity: str) -> Verdict:
    return next(d.verdict for d in reversed(decisions) if d.identity == identity)


def _counted(
    decisions: Sequence[Decision], bound: Binding, authors: Collection[str], demands: Demands
) -> Iterator[Decision]:
    """The first decision in favour of each person since they last decided otherwise."""
    against = {d.identity: at for at, d in enumerate(decisions) if d.verdict not in _POSITIVE}
    seen: set[str] = set()
    for at, decision in enumerate(decisions):
        if (
            decision.verdict in _POSITIVE
            and at > against.get(decision.identity, -1)
            and decision.binding == bound
            and decision.identity not in authors
            and decision.identity not in seen
            and (decision.signed or not demands.signatures)
        ):
            seen.add(decision.identity)
            yield decision


def _missing(counted: Sequence[Decision], demands: Demands) -> Iterator[Missing]:
    reviews = sum(d.verdict == "review" for d in counted)
    if reviews < demands.reviews:
        yield Missing("review", demands.reviews - reviews)
    validations = sum(d.verdict == "validate" for d in counted)
    if validations < demands.validations:
        yield Missing("validate", demands.validations - validations)
    approvals = [d for d in counted if d.verdict == "approve"]
    risk = sum(d.role == "risk" for d in approvals)
    short = max(demands.approvals - len(approvals), demands.from_risk - risk, 0)
    if short:
        yield Missing("approve", short, from_risk=risk < demands.from_risk)
