"""The values of the workflow: a request, a decision, what it is bound to. No framework, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Tier = Literal["low", "medium", "high"]
TIERS: Final[tuple[Tier, ...]] = ("low", "medium", "high")
"""From the least risk to the most."""
Step = Literal["review", "validate", "approve"]
"""A decision in favour: of a reviewer, of an independent validator, of an approver."""

Verdict = Literal[
    "review", "validate", "approve", "request_changes", "reject", "withdraw", "revoke"
]

State = Literal[
    "in_review",
    "changes_requested",
    "reviewed",
    "approved",
    "rejected",
    "withdrawn",
    "revoked",
    "lapsed",
]

STEPS: Final[tuple[Step, ...]] = ("review", "validate", "approve")
OPEN: Final[frozenset[State]] = frozenset({"in_review", "changes_requested", "reviewed"})
"""States in which somebody may still decide in favour."""

CLOSED: Final[frozenset[State]] = frozenset({"rejected", "withdrawn", "revoked"})
"""States that no later decision leaves: the same content needs a new request."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a decision covers: this content, this documentation, at this tier. Anything else leaves it without effect."""

    behaviour: str
    record: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one person, as it was made. `identity` is the human, whatever the account."""

    verdict: Verdict
    identity: str
    name: str
    role: str
    at: int
    """Microseconds since 1970."""
    binding: Binding
    reason: str = ""
    accepted: frozenset[str] = frozenset()
    """Keys of the record answered `n/a` whose reason this person accepted."""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A request for review of one content at one address."""

    number: int
    binding: Binding
    opened_by: str
    """The requester's identity."""
    opened_at: int
    used_at: int | None = None
    """When content of this request was first published where approval is asked."""
    renewed_at: int | None = None
    """When a re-certification last confirmed the decisions."""
