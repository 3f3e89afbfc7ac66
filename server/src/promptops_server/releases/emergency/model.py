"""The values of emergency releases, and which content was live before one. No framework, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from promptops_server.approvals.workflow.demands import PRODUCT, Demands
from promptops_server.approvals.workflow.model import TIERS, Tier
from promptops_server.infra.problems import Conflict
from promptops_server.releases.intervals import Interval
from promptops_server.releases.model import Content

State = Literal["open", "ratified", "rolled_back", "suspended", "replaced"]
"""`replaced`: nothing of it was live any more when its time ended without a ratification."""

RATIFY_US: Final = 72 * 3600 * 1_000_000
"""Within this an emergency release is ratified."""


@dataclass(frozen=True, slots=True)
class EmergencyPrompt:
    """One prompt that went live without approval."""

    path: str
    version: int
    behaviour: str | None = None
    record: str | None = None
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class EmergencyDecision:
    """One decision about an emergency, as it was made."""

    verdict: Literal["ratify", "refuse"]
    identity: str
    name: str
    role: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class EmergencyRelease:
    """A release that waited for no approval. Times are microseconds since 1970."""

    id: str
    project_id: str
    environment_id: str
    environment: str
    release: int
    incident: str
    reason: str
    tier: Tier
    approvals: int
    """Ratifications it takes."""
    from_risk: int
    """How many of them come from the control function."""
    authors: frozenset[str]
    """Identities of who wrote what it made live."""
    invoked_at: int
    invoked_identity: str
    invoked_name: str
    deadline: int
    state: State
    ended_at: int | None
    ended_release: int | None
    prompts: tuple[EmergencyPrompt, ...] = ()
    """By path; in lists at most the first hundred."""
    decisions: tuple[EmergencyDecision, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """Ratifications still to come, and whether the control function must give one of them."""

    count: int
    from_risk: bool


def highest(tiers: Collection[Tier | None]) -> Tier:
    """The highest tier; unknown counts as high."""
    return max((tier or "high" for tier in tiers), key=TIERS.index, default="high")


def asked(demands: Iterable[Demands | None]) -> tuple[int, int]:
    """How many ratifications a release takes, and how many of them by the control function: the most that any of its
    prompts asks for approvals. Without a known tier as at tier high."""
    known = [PRODUCT["high"] if item is None else item for item in demands]
    return max(d.approvals for d in known), max(d.from_risk for d in known)


def missing(found: EmergencyRelease) -> Missing | None:
    """What its ratification still takes; None when it is complete."""
    given = {d.identity: d for d in found.decisions if d.verdict == "ratify"}.values()
    risk = sum(decision.role == "risk" for decision in given)
    short = max(found.approvals - len(given), found.from_risk - risk, 0)
    return Missing(short, risk < found.from_risk) if short else None


def content_before(
    history: Sequence[Interval], release: int, unratified: Collection[int], stopped: Collection[int]
) -> Content | None:
    """What was live at an address right before an emergency release, emergencies nobody ratified passed over.

    None when nothing was live, it was suspended, or it was suspended since. `history` is the address's intervals in
    order.
    """
    until = release
    for interval in reversed([i for i in history if i.from_release < release]):
        if interval.to_release != until or interval.content is None:
            return None
        if interval.version in unratified:
            until = interval.from_release
            continue
        return None if interval.version in stopped else interval.content
    return None


def over(found: EmergencyRelease, what: str = "") -> Conflict:
    """The refusal of a decision that comes too late."""
    return Conflict(
        f"Emergency r{found.release} of {found.environment} is {what or found.state.replace('_', ' ')}.",
        remedy="Have a version approved, then publish it." if found.state != "ratified" else "",
        slug="emergency-over",
        current={"state": found.state},
    )
