"""The rule `max_tier`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentRule, listed

_ORDER = ("low", "medium", "high")


class MaxTier(EnvironmentRule):
    """Only prompts whose residual risk is within the appetite are published here: the tier that remains after credited
    controls is at most this one. A prompt whose residual tier is unknown is not."""

    name: ClassVar[str] = "max_tier"
    tier: Literal["low", "medium"]

    def words(self) -> str:
        return f"residual tier at most {self.tier}"

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        above: list[str] = []
        unknown: list[str] = []
        for content in facts.contents:
            papers = facts.papers.get((content.path, content.version))
            residual = None if papers is None else papers.residual_tier
            if residual is None:
                unknown.append(content.address)
            elif _ORDER.index(residual) > _ORDER.index(self.tier):
                above.append(f"{content.address} ({residual})")
        if above:
            yield self.unmet(
                f"{facts.environment} takes a residual tier of at most {self.tier}; above it: {listed(above)}.",
                "Add controls and have them credited in the record, or publish elsewhere.",
            )
        if unknown:
            yield self.unmet(
                f"{facts.environment} takes a residual tier of at most {self.tier}; unknown: {listed(unknown)}.",
                "Complete the record: `promptops record check` tells what is missing.",
            )
