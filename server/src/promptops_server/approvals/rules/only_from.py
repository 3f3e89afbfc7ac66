"""The rule `only_from`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentName, EnvironmentRule, listed


class OnlyFrom(EnvironmentRule):
    """Only what is live in another environment may be published here, in exactly the version that is live there."""

    name: ClassVar[str] = "only_from"
    environment: EnvironmentName

    def words(self) -> str:
        return f"only versions that are live in {self.environment}"

    def sources(self) -> frozenset[str]:
        return frozenset({self.environment})

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        there = facts.elsewhere.get(self.environment, {})
        missing = []
        for content in facts.contents:
            standing = there.get(content.path)
            if standing is None:
                missing.append(f"{content.path}@{content.version}")
            elif standing.version != content.version:
                missing.append(f"{content.path}@{content.version} (@{standing.version} is)")
        if missing:
            yield self.unmet(
                f"Only what is live in {self.environment} goes to {facts.environment}; not live there: "
                f"{listed(missing)}.",
                f"Publish it to {self.environment} first, or promote what is live there.",
            )
