"""How many decisions of which kind each tier takes, and who must stand apart.

The product's table (documented in `docs/approvals.md`); an installation may ask for more, never for less.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from promptops_server.approvals.workflow.model import Tier

DAY_US: Final = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Demands:
    """What one tier asks before content goes live."""

    reviews: int
    validations: int
    approvals: int
    from_risk: int
    """How many of the approvals come from the control function (role `risk`)."""
    publisher_is_no_approver: bool
    signatures: bool
    mapped_authors: bool
    """Every author's e-mail must belong to a known person."""


PRODUCT: Final[Mapping[Tier, Demands]] = {
    "low": Demands(0, 0, 1, 0, False, False, False),
    "medium": Demands(1, 0, 1, 0, False, False, False),
    "high": Demands(1, 1, 2, 1, True, True, True),
}


@dataclass(frozen=True, slots=True)
class Tightening:
    """What an installation adds to the product's table."""

    lapse_days: int = 30
    """After so many days an approval that was not used counts no more."""
    more_reviews: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Tier to the least number of reviews."""
    more_approvals: Mapping[str, int] = dataclasses.field(default_factory=dict)
    signatures_from: Tier = "high"
    """The lowest tier whose decisions are signed."""


_ORDER: Final[tuple[Tier, ...]] = ("low", "medium", "high")


def demands_of(
    tier: Tier, sectors: tuple[str, ...] = (), more: Tightening | None = None
) -> Demands:
    """What content of this tier takes. Sector `gxp` asks for signatures at every tier (21 CFR 11.50)."""
    base = PRODUCT[tier]
    more = more or Tightening()
    return dataclasses.replace(
        base,
        reviews=max(base.reviews, more.more_reviews.get(tier, 0)),
        approvals=max(base.approvals, more.more_approvals.get(tier, 0)),
        signatures=base.signatures
        or "gxp" in sectors
        or _ORDER.index(tier) >= _ORDER.index(more.signatures_from),
    )
