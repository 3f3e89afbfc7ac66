"""The rule `max_prompts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentRule


class MaxPrompts(EnvironmentRule):
    """At most so many prompts go live in one release, so that a mistake stays small. What a release takes out does
    not count."""

    name: ClassVar[str] = "max_prompts"
    prompts: int = Field(ge=1, le=20_000)

    def words(self) -> str:
        return f"at most {self.prompts:,} prompt{'s go' if self.prompts != 1 else ' goes'} live in one release"

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        if len(facts.contents) > self.prompts:
            yield self.unmet(
                f"{len(facts.contents):,} prompts would go live in one release; {facts.environment} allows "
                f"{self.prompts:,}.",
                "Release them in several steps.",
            )
