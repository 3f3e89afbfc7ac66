"""The values of schedules. No framework, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from promptops_server.infra.problems import Conflict, Invalid

State = Literal["scheduled", "running", "done", "failed", "cancelled", "missed"]
STATES: tuple[State, ...] = ("scheduled", "running", "done", "failed", "cancelled", "missed")
OPEN: tuple[State, ...] = ("scheduled", "running")
"""What is still to come."""
AGAIN: tuple[State, ...] = (*OPEN, "failed", "missed")
"""What a person may run by hand."""

MAX_AHEAD_US = 366 * 86_400 * 1_000_000
MAX_OPEN = 200
"""Schedules of one environment that are still to come."""


@dataclass(frozen=True, slots=True)
class ScheduledPrompt:
    """One prompt of a schedule: `live` in this version, or `removed`."""

    path: str
    version: int
    state: Literal["live", "removed"] = "live"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A release that is to happen at a time. Times are microseconds since 1970."""

    id: str
    project_id: str
    environment_id: str
    environment: str
    at: int
    state: State
    prompts: tuple[ScheduledPrompt, ...]
    """By path; in lists at most the first hundred."""
    count: int
    """How many prompts it names."""
    reason: str
    ticket: str | None
    actor: str
    """The name of who made it, when it was made."""
    subject: str
    auth_method: str
    session: str | None
    head: int
    """The environment's head when it was made."""
    only_if_head: bool
    """Whether another head at its time refuses it."""
    promoted_from: str | None
    promoted_release: int | None
    created_at: int
    release: int | None
    """The release it came to."""
    problem: dict[str, Any] | None
    """Why it failed: the whole problem document."""
    ended_at: int | None
    ended_by: str | None
    """Who cancelled it or ran it by hand."""


def check_time(at: int, now: int) -> None:
    """Refuse a time that is no time for a schedule.

    Raises:
        Invalid: it is past, or more than a year ahead.
    """
    if at <= now:
        raise Invalid(
            "`at` is not in the future.",
            remedy="Leave `at` out to publish now.",
            slug="bad-time",
        )
    if at > now + MAX_AHEAD_US:
        raise Invalid(
            "`at` is more than a year ahead.", remedy="Choose an earlier time.", slug="bad-time"
        )


def is_too_late(at: int, now: int, late_us: int) -> bool:
    """Whether a schedule that did not run in time must not run any more."""
    return now - at > late_us


def over(found: Schedule) -> Conflict:
    """The refusal of something that only a schedule still to come allows."""
    came = f"it became release r{found.release}" if found.release else f"it is {found.state}"
    return Conflict(
        f"This schedule is over: {came}.",
        remedy="Make a new one.",
        slug="schedule-over",
        current={"state": found.state, "release": found.release},
    )
