"""What the API says of followers and of a release's spread."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from promptops.delivery.header import Position
from promptops_server.delivery.receipts.lags import Lags
from promptops_server.delivery.receipts.model import SILENT_US, Follower, State, Via, state_of
from promptops_server.delivery.receipts.store import Spread, Standing
from promptops_server.infra.clock import to_text


class FollowerOut(BaseModel):
    """A process that keeps the environment in memory, as its last receipt tells."""

    id: str = Field(description="random for each process")
    host: str
    process: int = Field(description="its process id on that host")
    sdk: str = Field(description="name and version of the client")
    via: Via
    release: int = Field(description="the release it holds")
    applied_at: str = Field(description="since when, by the server's clock")
    lag_ms: float | None = Field(
        description="from acknowledgement to use; null where it began with this release"
    )
    last_seen: str
    state: State
    since: str = Field(description="since when it is in this state")
    refused: str | None = Field(
        description="why it takes over nothing of what it is given: unknown-key, wrong-signature, …; null when it does"
    )
    refused_release: str | None = Field(
        description="what it refuses, `epoch-release`, if that could be read"
    )
    refused_since: str | None


class FollowerSummary(BaseModel):
    """All followers of the environment; `release` and the times are those of its newest release."""

    total: int
    current: int
    behind: int
    silent: int
    refusing: int = Field(description="of those that give signs: they refuse what they are given")
    release: int
    slowest_ms: float | None
    p50_ms: float | None
    p99_ms: float | None


class FollowerPage(BaseModel):
    """A page of followers in the order of host, process and id."""

    summary: FollowerSummary
    items: list[FollowerOut]
    next_cursor: str | None


class SpreadColumn(BaseModel):
    """How many took at most `le_ms`, and longer than the column before. The last one has no upper end."""

    le_ms: float | None
    count: int


class SpreadOut(BaseModel):
    """How far a release has come: `total` is `applied`, `waiting` and `silent` together."""

    release: int
    acknowledged_at: str
    total: int
    applied: int = Field(description="followers that hold this release or a later one")
    waiting: int = Field(description="those that do not, and give signs")
    silent: int = Field(description="those that do not, and give none")
    p50_ms: float | None
    p99_ms: float | None
    slowest_ms: float | None
    stragglers: list[FollowerOut] = Field(description="at most 20 of those that do not hold it")
    histogram: list[SpreadColumn]


class SpreadHistoryItem(BaseModel):
    """What was measured of one release. `applied` counts the followers that were there when it came."""

    number: int
    acknowledged_at: str
    applied: int
    p50_ms: float | None
    p99_ms: float | None
    slowest_ms: float | None


class SpreadHistory(BaseModel):
    """Releases with figures, newest first; figures are kept for 90 days."""

    items: list[SpreadHistoryItem]
    next_cursor: str | None


def follower_out(
    each: Follower, head: Position, now: int, acknowledged: Mapping[Position, int]
) -> FollowerOut:
    """One follower; `acknowledged` has the time of the release after the one it holds, where it is behind."""
    state = state_of(each.position, each.last_seen, head, now)
    if state == "silent":
        since = each.last_seen + SILENT_US
    elif state == "behind":
        since = acknowledged.get(after(each.position, head), each.applied_at)
    else:
        since = each.applied_at
    return FollowerOut(
        id=each.id,
        host=each.host,
        process=each.process,
        sdk=each.sdk,
        via=each.via,
        release=each.position.release,
        applied_at=to_text(each.applied_at),
        lag_ms=rounded(each.lag_ms),
        last_seen=to_text(each.last_seen),
        state=state,
        since=to_text(since),
        refused=each.refused,
        refused_release=each.refused_release,
        refused_since=None if each.refused_since is None else to_text(each.refused_since),
    )


def after(position: Position, head: Position) -> Position:
    """The first release that a follower at `position` lacks, as far as its number tells."""
    if position.epoch != head.epoch:
        return head
    return Position(head.epoch, min(position.release + 1, head.release))


def spread_out(
    position: Position,
    acknowledged_at: int,
    standing: Standing,
    lags: Lags,
    stragglers: list[FollowerOut],
) -> SpreadOut:
    """How far a release has come."""
    return SpreadOut(
        release=position.release,
        acknowledged_at=to_text(acknowledged_at),
        total=standing.total,
        applied=standing.applied,
        waiting=standing.waiting,
        silent=standing.silent,
        p50_ms=rounded(lags.percentile(0.5)),
        p99_ms=rounded(lags.percentile(0.99)),
        slowest_ms=rounded(lags.slowest_ms if lags.total else None),
        stragglers=stragglers,
        histogram=[SpreadColumn(le_ms=end, count=n) for end, n in lags.columns()],
    )


def history_item(spread: Spread) -> SpreadHistoryItem:
    """One release of the history."""
    lags = spread.lags
    return SpreadHistoryItem(
        number=spread.number,
        acknowledged_at=to_text(spread.acknowledged_at),
        applied=lags.total,
        p50_ms=rounded(lags.percentile(0.5)),
        p99_ms=rounded(lags.percentile(0.99)),
        slowest_ms=rounded(lags.slowest_ms if lags.total else None),
    )


def rounded(ms: float | None) -> float | None:
    """To hundredths of a millisecond: no receipt is more exact."""
    return None if ms is None else round(ms, 2)
