"""What a rule of an environment is: settings people write, words they read, a check the gate makes.

A rule is one file in `rules`: one class, whose docstring is the rule's documentation and whose fields are its
settings in the API. Finding the rules is `rulebook`, asking them `gate`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from promptops.format.names import InvalidName, check_environment
from promptops_server.approvals.model import GateFacts, MatrixAsk, Unmet

SHOWN = 5
"""Prompts named in one sentence of a refusal."""


class EnvironmentRule(BaseModel):
    """A rule with its settings. Rules restrict publishing alone, never suspend, unpublish or rollback."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """As the API, the command line and refusals call it; the name of the rule's file."""

    def tested_on(self) -> MatrixAsk | None:
        """The cells of the matrix that the check looks at."""
        return None

    @abstractmethod
    def words(self) -> str:
        """The rule as a person reads it, for example `only what is live in staging`."""

    @abstractmethod
    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        """What the publish misses; each answer says what would satisfy the rule."""

    def sources(self) -> frozenset[str]:
        """The other environments whose live contents the check looks at."""
        return frozenset()

    def unmet(self, detail: str, remedy: str) -> Unmet:
        """An answer under this rule's name."""
        return Unmet(f"rule.{self.name}", detail, remedy)


def listed(items: Sequence[str], shown: int = SHOWN) -> str:
    """The first few, and how many more there are."""
    more = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {more:,} more" if more > 0 else "")


def _environment_name(text: str) -> str:
    try:
        check_environment(text)
    except InvalidName as error:
        raise ValueError(str(error)) from None
    return text


EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
"""The name of another environment of the same project."""
