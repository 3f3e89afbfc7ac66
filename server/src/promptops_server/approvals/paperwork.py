"""What the gate knows about one version besides its content: documentation, decisions, authors, standing.

Values alone. `workflow.facts` reads them inside the project lock; tests write them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promptops_server.approvals.workflow.demands import Demands
from promptops_server.approvals.workflow.model import Tier
from promptops_server.approvals.workflow.progress import Progress


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing the record misses: field number, key, what is wrong, what to do."""

    id: str
    key: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted exception that covers this version: the rule it sets aside, and until when (microseconds)."""

    id: str
    rule: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Paperwork:
    """One version's papers, as they are now."""

    tier: Tier | None
    """None while answers are missing that could raise it."""
    residual_tier: Tier | None = None
    tier_missing: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    """Keys answered `n/a`, with the reason given."""
    demands: Demands | None = None
    """None while the tier is unknown."""
    request: int | None = None
    """Number of the newest request for exactly this content and documentation."""
    progress: Progress | None = None
    authors: frozenset[str] = frozenset()
    """Identities of everybody who contributed since the last approved version."""
    unmapped_authors: tuple[str, ...] = ()
    """E-mail addresses of authors nobody here is known by."""
    retired: str | None = None
    """Why the prompt was retired."""
    redacted: bool = False
    """Its content is not what was approved any more."""
    revoked_by: int | None = None
    """Number of the request whose approval was revoked, unless the content was approved anew since."""
    overdue_since: int | None = None
    """When the review of what is live fell due, if it was not done."""
    waivers: tuple[Waiver, ...] = ()
    expired_waivers: tuple[Waiver, ...] = ()
