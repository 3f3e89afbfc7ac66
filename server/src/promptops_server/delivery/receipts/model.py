"""What a follower reports, what is kept of it, and the rules over both: pure, without clock or database.

Times are microseconds since 1970 by a server's clock, durations milliseconds. A follower's clock is never read: it
tells durations alone, by a clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from promptops.delivery.header import Position

State = Literal["current", "behind", "silent"]
Via = Literal["http", "redis"]

HEARTBEAT_SECONDS = 20.0
"""How often a follower gives a sign when nothing changes."""
SILENT_US = 45_000_000
"""Without a sign for so long a follower is silent: two heartbeats missed."""
FORGOTTEN_US = 3_600_000_000
"""Without a sign for so long it is forgotten."""
APPLIED_KEPT = 50
"""Releases of one report, at most: of more, the newest."""
SHORTEST_PACE_MS = 50
LONGEST_PACE_MS = 5_000


def pace_ms(followers: int) -> int:
    """Over how long followers spread their reports of one release, so that so many do not come at once: 500 a second."""
    return max(SHORTEST_PACE_MS, min(LONGEST_PACE_MS, 2 * followers))


@dataclass(frozen=True, slots=True)
class Applied:
    """A release taken over while following. `took_ms` is from its header seen to its content in use; `ago_ms` since then."""

    position: Position
    took_ms: float
    ago_ms: float


NOTHING_HELD = Position(0, 0)
"""Where a follower stands that has taken nothing over yet; below every release."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a follower does not take over: the code of its refusal, the release if it could be read, and for how long."""

    code: str
    release: str | None
    for_ms: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report. `applied` names what was taken over since the report before; a release held at the start is not in it."""

    follower: str
    """Random for each process: 32 hex digits."""
    host: str
    process: int
    sdk: str
    via: Via
    position: Position
    held_ms: float
    """How long `position` is in use already."""
    applied: tuple[Applied, ...] = ()
    leaving: bool = False
    """The process ends: it is to be forgotten at once."""
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A receipt and when a server received it."""

    receipt: Receipt
    at: int

    def after(self, earlier: Arrived | None) -> Arrived:
        """Both as one: the newer, with what only the earlier tells of, aged by the time between the two."""
        if earlier is None:
            return self
        if earlier._order > self._order:
            return earlier.after(self)
        told = {applied.position for applied in self.receipt.applied}
        aged = (self.at - earlier.at) / 1000
        more = [
            replace(applied, ago_ms=applied.ago_ms + aged)
            for applied in earlier.receipt.applied
            if applied.position not in told
        ]
        applied = (*more, *self.receipt.applied)[-APPLIED_KEPT:]
        receipt = replace(self.receipt, applied=applied)
        if earlier.receipt.position > receipt.position:  # they overtook each other on their way
            held_ms = earlier.receipt.held_ms + aged
            receipt = replace(receipt, position=earlier.receipt.position, held_ms=held_ms)
        return Arrived(receipt, self.at)

    @property
    def _order(self) -> tuple[int, Position]:
        return self.at, self.receipt.position


@dataclass(frozen=True, slots=True)
class Follower:
    """What is kept of a follower. `lag_ms` is None where it began with the release it holds."""

    id: str
    host: str
    process: int
    sdk: str
    via: Via
    position: Position
    applied_at: int
    lag_ms: float | None
    last_seen: int
    refused: str | None = None
    """The code of why it takes over nothing that it is given."""
    refused_release: str | None = None
    refused_since: int | None = None


def state_of(position: Position, last_seen: int, head: Position, now: int) -> State:
    """Silent comes first: of a follower that gives no sign nobody knows what it holds."""
    if now - last_seen > SILENT_US:
        return "silent"
    return "current" if position >= head else "behind"


def is_forgotten(last_seen: int, now: int) -> bool:
    """Whether a follower is no longer counted."""
    return now - last_seen > FORGOTTEN_US


def lag_ms(acknowledged_at: int, received_at: int, applied: Applied) -> float:
    """From acknowledgement to use, in milliseconds.

    The server's own two times bound it from above. What the follower says it waited before reporting comes off, but
    never so much that the release would have been in use before its header was read.
    """
    most = max(0.0, (received_at - acknowledged_at) / 1000)
    return min(most, max(most - max(0.0, applied.ago_ms), applied.took_ms, 0.0))


def news_in(receipt: Receipt, known: Position | None) -> tuple[Applied, ...]:
    """Of what a receipt tells, the releases not counted yet: each release counts once for each follower."""
    seen: set[Position] = set()
    fresh: list[Applied] = []
    for applied in receipt.applied:
        if applied.position in seen or applied.position > receipt.position:
            continue
        seen.add(applied.position)
        if known is None or applied.position > known:
            fresh.append(applied)
    return tuple(fresh)


def kept_of(arrived: Arrived, known: Follower | None, lag: float | None) -> Follower:
    """The follower after a receipt; `lag` is that of the position, None where it was not measured.

    A follower never goes back: a report that comes late changes only when it was last seen.
    """
    receipt = arrived.receipt
    if known is not None and receipt.position <= known.position:
        return replace(
            _refusing(known, arrived) if arrived.at >= known.last_seen else known,
            via=receipt.via,
            last_seen=max(known.last_seen, arrived.at),
            lag_ms=known.lag_ms if known.lag_ms is not None else lag,
        )
    applied_at = arrived.at - int(max(0.0, receipt.held_ms) * 1000)
    now = Follower(
        receipt.follower,
        receipt.host,
        receipt.process,
        receipt.sdk,
        receipt.via,
        receipt.position,
        applied_at,
        lag,
        arrived.at if known is None else max(known.last_seen, arrived.at),
    )
    return _refusing(now, arrived)


def _refusing(follower: Follower, arrived: Arrived) -> Follower:
    """With what its newest report says that it refuses; since when does not move while the code stays."""
    refused = arrived.receipt.refused
    if refused is None:
        return replace(follower, refused=None, refused_release=None, refused_since=None)
    since = arrived.at - int(max(0.0, refused.for_ms) * 1000)
    if follower.refused == refused.code and follower.refused_since is not None:
        since = follower.refused_since
    return replace(
        follower, refused=refused.code, refused_release=refused.release, refused_since=since
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Followers of an environment by state. `total` is their sum."""

    current: int = 0
    behind: int = 0
    silent: int = 0

    @property
    def total(self) -> int:
        """All that are not forgotten."""
        return self.current + self.behind + self.silent


def count(followers: Iterable[Follower], head: Position, now: int) -> Counts:
    """Count followers by state; the forgotten are left out."""
    found = {"current": 0, "behind": 0, "silent": 0}
    for each in followers:
        if not is_forgotten(each.last_seen, now):
            found[state_of(each.position, each.last_seen, head, now)] += 1
    return Counts(**found)
