"""The values of certification: when a review falls due, and what a certification takes. No framework, no I/O."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from promptops_server.approvals.workflow.model import Step, Tier
from promptops_server.infra.clock import from_text, to_text

DAY_US: Final = 86_400 * 1_000_000
RETURN_US: Final = 72 * 3600 * 1_000_000
"""Within this the paperwork of content is reviewed that came back, or went live, without one in force."""

Cause = Literal["periodic", "returned"]
State = Literal["current", "warned", "overdue"]
Wanted = Literal["warned", "overdue", "suspension"]
"""What a list may be narrowed to: due within the warning, due already, waiting whether to suspend."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Months between reviews by tier, and how many days ahead is warned. An installation may tighten, never relax.

    Raises:
        ValueError: more than the product's months, or less than one.
    """

    low: int = 24
    medium: int = 12
    high: int = 6
    warn_days: int = 30

    def __post_init__(self) -> None:
        for given, most in ((self.low, 24), (self.medium, 12), (self.high, 6)):
            if not 1 <= given <= most:
                raise ValueError(f"{given} months between reviews; 1 to {most} are allowed")
        if self.warn_days < 30:
            raise ValueError("reviews are announced at least 30 days ahead")

    def months(self, tier: Tier | None) -> int:
        """An unknown tier counts as high."""
        return {"low": self.low, "medium": self.medium, "high": self.high}[tier or "high"]


PRODUCT: Final = Cadence()


class Published(NamedTuple):
    """One version that became live where approval is asked, as it was approved. Times are microseconds since 1970."""

    path: str
    version: int
    behaviour: str
    record: str
    """The record's digest."""
    tier: Tier | None
    approved_at: int | None
    """None: it went live without an approval in force."""
    review_due: int | None = None
    """The date the record itself names (D36)."""


@dataclass(frozen=True, slots=True)
class Due:
    """The review of what is live at an address of an environment."""

    id: str
    project_id: str
    environment_id: str
    path: str
    version: int
    behaviour: str
    record: str
    tier: Tier | None
    cause: Cause
    approved_at: int | None
    review_due: int | None
    due_at: int
    started_at: int
    warned_at: int | None
    overdue_at: int | None
    suspension: str | None
    kept_reason: str | None

    def state(self, now: int, cadence: Cadence = PRODUCT) -> State:
        """Where it stands at a time."""
        if now >= self.due_at:
            return "overdue"
        return "warned" if now >= self.due_at - cadence.warn_days * DAY_US else "current"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision anew, as it was made."""

    step: Step
    identity: str
    name: str
    role: str
    at: int
    reason: str
    behaviour: str
    record: str
    tier: str


@dataclass(frozen=True, slots=True)
class Need:
    """A step that a certification still takes, and whether the control function must take it."""

    step: Step
    from_risk: bool = False


NEEDS: Final[dict[Tier, tuple[Need, ...]]] = {
    "low": (Need("approve"),),
    "medium": (Need("review"), Need("approve")),
    "high": (Need("review"), Need("approve", from_risk=True)),
}


def missing(tier: Tier | None, decisions: Sequence[Decision]) -> tuple[Need, ...]:
    """The steps still to be taken, in order; one person counts for one of them."""
    left = list(NEEDS[tier or "high"])
    seen: set[str] = set()
    for decision in decisions:
        if decision.identity in seen:
            continue
        for need in left:
            if need.step == decision.step and (not need.from_risk or decision.role == "risk"):
                left.remove(need)
                seen.add(decision.identity)
                break
    return tuple(left)


def due_at(
    since: int, tier: Tier | None, review_due: int | None, cadence: Cadence = PRODUCT
) -> int:
    """When content approved (or certified) at `since` is reviewed next: by its tier, or the record's date if earlier."""
    by_tier = add_months(since, cadence.months(tier))
    return by_tier if review_due is None else min(by_tier, review_due)


def add_months(at: int, months: int) -> int:
    """The same day and time so many months later, or that month's last day."""
    stamp = datetime.fromtimestamp(at // 1_000_000, UTC)
    years, month = divmod(stamp.month - 1 + months, 12)
    year = stamp.year + years
    day = min(stamp.day, calendar.monthrange(year, month + 1)[1])
    moved = stamp.replace(year=year, month=month + 1, day=day)
    return from_text(to_text(int(moved.timestamp()) * 1_000_000)) + at % 1_000_000


def end_of_day(date: str) -> int:
    """The record's `review_due`, a date: due when that day is over, in UTC.

    Raises:
        ValueError: no date.
    """
    day = datetime.fromisoformat(date).replace(tzinfo=UTC) + timedelta(days=1)
    return int(day.timestamp()) * 1_000_000
