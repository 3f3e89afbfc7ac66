"""The rule `freeze`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentRule
from promptops_server.infra.body_fields import Line

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _sensible(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2999:
        raise ValueError("the year is not one from 2000 to 2999")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]


class Period(BaseModel):
    """From a time, inclusive, until another, exclusive; open-ended without one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Moment | None = Field(
        default=None, alias="from", description="RFC 3339; at once if absent"
    )
    until: Moment | None = Field(default=None, description="RFC 3339; until it is lifted if absent")
    reason: Line = Field(min_length=3, max_length=300)

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.start is not None and self.until is not None and self.until <= self.start:
            raise ValueError("the freeze ends before it begins")
        return self

    def holds(self, now: int) -> bool:
        """Whether the moment lies in it."""
        begun = self.start is None or _us(self.start) <= now
        return begun and (self.until is None or now < _us(self.until))

    def words(self) -> str:
        """`from TIME until TIME (reason)`."""
        said = [f"from {self.start.isoformat()}"] if self.start else []
        said.append(f"until {self.until.isoformat()}" if self.until else "until it is lifted")
        return " ".join(said) + f" ({self.reason})"


class Freeze(EnvironmentRule):
    """Nothing is published in these periods. Suspend, unpublish and rollback stay possible."""

    name: ClassVar[str] = "freeze"
    periods: tuple[Period, ...] = Field(min_length=1, max_length=20)

    def words(self) -> str:
        return "frozen " + ", and ".join(period.words() for period in self.periods)

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        for period in self.periods:
            if period.holds(facts.now):
                yield self.unmet(
                    f"{facts.environment} is frozen {period.words()}.",
                    f"Publish after {period.until.isoformat()}, or have the freeze lifted."
                    if period.until
                    else "Have the freeze lifted.",
                )


def _us(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
