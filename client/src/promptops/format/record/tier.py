"""The risk tier of a prompt, and which rule gave it. Pure.

Three scores of 1 to 3 are added: 3-4 low, 5-6 medium, 7-9 high. Floors then raise what the sum is
too kind to. The cut-offs are the product's; an institution may be stricter, never the other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .model import TIERS, Tier

CONSEQUENTIAL: tuple[str, ...] = (
    *("credit", "claims", "underwriting", "eligibility", "account_access"),
    *("hiring", "clinical", "safety"),
)
"""Kinds of decisions that are never low, and high where people rely on the model alone."""
GRAVE_EFFECTS: tuple[str, ...] = ("writes_system_of_record", "moves_money")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tier is worked out from. None: the record does not say."""

    impact: int | None = None
    complexity: int | None = None
    reliance: int | None = None
    decision_kinds: tuple[str, ...] | None = None
    tool_effects: tuple[str, ...] | None = None
    opaque_third_party: bool | None = None


@dataclass(frozen=True, slots=True)
class TierResult:
    """`tier` is None while `missing` keys could still change it. `reasons` say how it came about."""

    tier: Tier | None
    score: int | None
    reasons: tuple[str, ...]
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The result as the API tells it."""
        return {
            "tier": self.tier,
            "score": self.score,
            "reasons": list(self.reasons),
            "missing": list(self.missing),
        }


def tier_of(facts: Facts) -> TierResult:
    """The inherent tier: by the sum of scores, not below the floors."""
    reasons: list[str] = []
    tier: Tier = "low"
    grave = sorted(set(facts.tool_effects or ()) & set(GRAVE_EFFECTS))
    serious = [kind for kind in CONSEQUENTIAL if kind in (facts.decision_kinds or ())]
    score = None
    if facts.impact is not None and facts.complexity is not None and facts.reliance is not None:
        complexity = facts.complexity
        if facts.opaque_third_party and complexity < 2:
            complexity = 2
            reasons.append("complexity counts as 2: an opaque model of a third party")
        score = facts.impact + complexity + facts.reliance
        tier = "low" if score <= 4 else "medium" if score <= 6 else "high"
        reasons.append(
            f"impact {facts.impact} + complexity {complexity} + reliance {facts.reliance}"
            f" = {score}: {tier}"
        )
    if serious:
        floor: Tier = "high" if facts.reliance == 3 else "medium"
        alone = " relied on at 3" if floor == "high" else ""
        reasons.append(f"decisions about {_words(serious)}{alone}: at least {floor}")
        tier = max(tier, floor, key=TIERS.index)
    if grave:
        reasons.append(f"a tool with the effect {_words(grave)}: high")
        tier = "high"
    missing = _missing(facts)
    if tier != "high" and missing:
        return TierResult(None, score, tuple(reasons), missing)
    return TierResult(tier, score, tuple(reasons), missing)


def _missing(facts: Facts) -> tuple[str, ...]:
    needed = {
        "impact": facts.impact,
        "complexity": facts.complexity,
        "reliance": facts.reliance,
        "decision_kinds": facts.decision_kinds,
        "tool_effects": facts.tool_effects,
        # At complexity 2 or 3 the answer changes nothing.
        "model.hosting": True if (facts.complexity or 1) >= 2 else facts.opaque_third_party,
    }
    return tuple(name for name, value in needed.items() if value is None)


def _words(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
