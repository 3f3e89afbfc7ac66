"""The rule `min_minutes_in`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentName, EnvironmentRule, listed
from promptops_server.infra.clock import to_text

_MINUTE = 60 * 1_000_000


class MinMinutesIn(EnvironmentRule):
    """A version must have been live in another environment for some time, without a break, and still be (its soak
    time). A rollback or unpublish there starts the time anew."""

    name: ClassVar[str] = "min_minutes_in"
    environment: EnvironmentName
    minutes: int = Field(ge=1, le=366 * 24 * 60)

    def words(self) -> str:
        return f"only versions live in {self.environment} for {self.minutes:,} minutes"

    def sources(self) -> frozenset[str]:
        return frozenset({self.environment})

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        there = facts.elsewhere.get(self.environment, {})
        absent: list[str] = []
        fresh: list[str] = []
        ready = 0
        for content in facts.contents:
            standing = there.get(content.path)
            if standing is None or standing.version != content.version:
                absent.append(f"{content.path}@{content.version}")
            elif facts.now < standing.since + self.minutes * _MINUTE:
                lived = max(0, (facts.now - standing.since) // _MINUTE)
                fresh.append(f"{content.path}@{content.version} for {lived:,}")
                ready = max(ready, standing.since + self.minutes * _MINUTE)
        if absent:
            yield self.unmet(
                f"{facts.environment} asks for {self.minutes:,} minutes in {self.environment}; not live there: "
                f"{listed(absent)}.",
                f"Publish it to {self.environment}, and wait {self.minutes:,} minutes.",
            )
        if fresh:
            yield self.unmet(
                f"{facts.environment} asks for {self.minutes:,} minutes in {self.environment}; live there: "
                f"{listed(fresh)}.",
                f"Publish it after {to_text(ready)}.",
            )
