"""The rule `windows`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.opening_hours import Window, is_open, next_opening
from promptops_server.approvals.rule import EnvironmentRule
from promptops_server.infra.clock import to_text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


def _minutes(text: str) -> int:
    found = _TIME.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minutes <= 24 * 60:
        raise ValueError(f"{text[:20]!r} is no time of day: write 09:00, or 24:00 for midnight")
    return minutes


def _time(text: str) -> str:
    _minutes(text)
    return text


def _zone(text: str) -> str:
    # Only names of places and UTC: `localtime` and the like mean something else on every machine.
    if text == "UTC" or "/" in text:
        try:
            ZoneInfo(text)
            return text
        except (KeyError, ValueError, OSError):
            pass
    raise ValueError(
        f"{text[:60]!r} is no time zone: write its name, such as Asia/Singapore or UTC"
    )


class WindowIn(BaseModel):
    """Weekdays and hours by the clock of a time zone. A window that ends at or before its start ends the next day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    start: Annotated[str, AfterValidator(_time)] = Field(alias="from", examples=["09:00"])
    end: Annotated[str, AfterValidator(_time)] = Field(alias="to", examples=["17:00", "24:00"])
    zone: Annotated[str, AfterValidator(_zone)] = Field(max_length=60, examples=["Asia/Singapore"])

    @model_validator(mode="after")
    def _some_length(self) -> WindowIn:
        if self.start == self.end or self.start == "24:00":
            raise ValueError("a window of no length; write 00:00 to 24:00 for whole days")
        return self

    def window(self) -> Window:
        """As the arithmetic takes it."""
        days = frozenset(WEEKDAYS.index(day) for day in self.days)
        return Window(days, _minutes(self.start), _minutes(self.end), ZoneInfo(self.zone))

    def words(self) -> str:
        """`mon-thu 09:00-17:00 Asia/Singapore`."""
        return f"{_day_words(self.days)} {self.start}-{self.end} {self.zone}"


class Windows(EnvironmentRule):
    """Publishing is open only in these weekly windows."""

    name: ClassVar[str] = "windows"
    open: tuple[WindowIn, ...] = Field(min_length=1, max_length=20)

    def words(self) -> str:
        return "only " + ", ".join(window.words() for window in self.open)

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        windows = [given.window() for given in self.open]
        if is_open(windows, facts.now):
            return
        opens = next_opening(windows, facts.now)
        yield self.unmet(
            f"{facts.environment} is open for publishing {self.words()}; it is closed at {to_text(facts.now)}.",
            f"The next window opens at {opens.isoformat(timespec='minutes')}; a publish can be scheduled for then."
            if opens
            else "No window opens within two weeks; ask who keeps the rules.",
        )


def _day_words(days: tuple[Weekday, ...]) -> str:
    """`mon-thu`, `sat,sun`, `mon-wed,fri`."""
    numbers = sorted({WEEKDAYS.index(day) for day in days})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(
        f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
        if len(run) > 2
        else ",".join(WEEKDAYS[n] for n in run)
        for run in runs
    )
