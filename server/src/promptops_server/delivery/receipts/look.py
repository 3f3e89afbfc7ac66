"""What is read of an environment's followers: a page of them with the summary, and how far a release has come."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import store
from promptops_server.delivery.receipts.model import Follower, State
from promptops_server.delivery.receipts.wire import (
    FollowerOut,
    FollowerPage,
    FollowerSummary,
    SpreadOut,
    after,
    follower_out,
    rounded,
    spread_out,
)

STRAGGLERS = 20


def followers(
    conn: Connection,
    environment_id: str,
    now: int,
    *,
    state: State | None = None,
    number: int | None = None,
    limit: int,
    cursor: str | None = None,
) -> FollowerPage:
    """A page of followers, and the summary over all of them.

    Raises:
        BadRequest: `cursor` is no cursor of this list.
    """
    head = store.head(conn, environment_id)
    page = store.followers(
        conn, environment_id, head, now, state=state, number=number, limit=limit, after=cursor
    )
    counts = store.counts(conn, environment_id, head, now)
    lags = store.spread_of(conn, environment_id, head)
    return FollowerPage(
        summary=FollowerSummary(
            total=counts.total,
            current=counts.current,
            behind=counts.behind,
            silent=counts.silent,
            refusing=sum(one.followers for one in store.refusing(conn, now, environment_id)),
            release=head.release,
            slowest_ms=rounded(lags.slowest_ms if lags.total else None),
            p50_ms=rounded(lags.percentile(0.5)),
            p99_ms=rounded(lags.percentile(0.99)),
        ),
        items=_shown(conn, environment_id, page.items, head, now),
        next_cursor=page.next,
    )


def spread(
    conn: Connection, environment_id: str, position: Position, acknowledged_at: int, now: int
) -> SpreadOut:
    """How far a release has come by now."""
    head = store.head(conn, environment_id)
    late = store.stragglers(conn, environment_id, position, now, STRAGGLERS)
    return spread_out(
        position,
        acknowledged_at,
        store.standing(conn, environment_id, position, now),
        store.spread_of(conn, environment_id, position),
        _shown(conn, environment_id, late, head, now),
    )


def _shown(
    conn: Connection, environment_id: str, found: Iterable[Follower], head: Position, now: int
) -> list[FollowerOut]:
    listed = list(found)
    behind = {after(each.position, head) for each in listed if each.position < head}
    acknowledged = store.acknowledged(conn, environment_id, behind) if behind else {}
    return [follower_out(each, head, now, acknowledged) for each in listed]
