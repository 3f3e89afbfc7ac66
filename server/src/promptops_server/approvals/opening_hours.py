"""Weekly windows by the clock on the wall of a time zone: open or not, and when the next one opens.

A window is what people in the zone would say: at 02:30 on a night whose clock jumps from 02:00 to 03:00 nothing opens,
and an hour that comes twice is open twice. Times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes of a day on the wall."""
_AHEAD = 15
"""Days looked ahead: a window once a week may fall on the hour that a clock skips."""


@dataclass(frozen=True, slots=True)
class Window:
    """Opens on these weekdays (0 is Monday) at minute `start` of the day, and closes at minute `end`: on the same day
    (`end` up to 1440), or on the next when `end` is not after `start`."""

    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def holds(self, moment: datetime) -> bool:
        """Whether it is open at a moment (any zone)."""
        there = moment.astimezone(self.zone)
        minute = there.hour * 60 + there.minute
        if self.end > self.start:
            return there.weekday() in self.days and self.start <= minute < self.end
        begun = there.weekday() in self.days and minute >= self.start
        return begun or ((there.weekday() - 1) % 7 in self.days and minute < self.end)

    def may_open(self, after: datetime) -> Iterator[datetime]:
        """Moments, in UTC, among which the next opening after a moment is: starts, and jumps of the clock."""
        first = after.astimezone(self.zone).date() - timedelta(days=1)
        for number in range(_AHEAD + 2):
            day = first + timedelta(days=number)
            begin = datetime.combine(day, time(0), self.zone)
            for fold in (0, 1):
                start = begin.replace(hour=self.start // 60, minute=self.start % 60, fold=fold)
                yield start.astimezone(UTC)
            following = datetime.combine(day + timedelta(days=1), time(0), self.zone)
            if begin.utcoffset() != following.utcoffset():
                yield self._jump(begin.astimezone(UTC), following.astimezone(UTC))

    def _jump(self, low: datetime, high: datetime) -> datetime:
        """The minute between two moments in which the zone's offset changes."""
        before = low.astimezone(self.zone).utcoffset()
        while high - low > timedelta(minutes=1):
            middle = low + timedelta(minutes=int((high - low).total_seconds() // 120))
            if middle.astimezone(self.zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high


def is_open(windows: Iterable[Window], moment_us: int) -> bool:
    """Whether any of the windows is open."""
    moment = _moment(moment_us)
    return any(window.holds(moment) for window in windows)


def next_opening(windows: Iterable[Window], moment_us: int) -> datetime | None:
    """When the next window opens after a moment at which none is, in that window's zone; None within two weeks."""
    moment = _moment(moment_us)
    openings = [
        (opening, window.zone)
        for window in windows
        for opening in window.may_open(moment)
        if opening > moment and window.holds(opening)
    ]
    if not openings:
        return None
    opening, zone = min(openings, key=lambda pair: pair[0])
    return opening.astimezone(zone)


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC) + timedelta(microseconds=us % 1_000_000)
