"""Taking in a batch of receipts of one environment, in the caller's transaction: rows of followers, figures of releases.

What a receipt changes is decided by `model`. The caller holds the turn (`store.take_turn`), so that a release counts
once for a follower, whichever servers heard of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import store
from promptops_server.delivery.receipts.lags import Lags
from promptops_server.delivery.receipts.model import Arrived, Follower, kept_of, lag_ms, news_in

REFRESH_US = 8_000_000
"""A newer sign than the stored one is written when it is so much newer: nobody needs it more exactly."""


@dataclass(slots=True)
class TakenIn:
    """What came of a batch: lags measured (ms), followers as they are stored now, those gone, new, and left out."""

    lags: list[float] = field(default_factory=list)
    stored: list[Follower] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    new: int = 0
    dropped: int = 0


def take_in(
    conn: Connection, environment_id: str, arrivals: Sequence[Arrived], now: int, *, most: int
) -> TakenIn:
    """Write what a batch changes; of an environment at most so many followers are kept."""
    done = TakenIn()
    known = store.known(conn, environment_id, (one.receipt.follower for one in arrivals))
    arrivals = _within(conn, environment_id, arrivals, known, most, done)
    done.gone = [one.receipt.follower for one in arrivals if one.receipt.leaving]
    lags, own = _lags(conn, environment_id, arrivals, known)
    changed: list[Follower] = []
    for arrived in arrivals:
        receipt = arrived.receipt
        before = known.get(receipt.follower)
        after = kept_of(arrived, before, own.get(receipt.follower))
        if receipt.leaving:
            continue
        if before is None or _is_news(before, after):
            changed.append(after)
            done.stored.append(after)
        else:
            done.stored.append(before)
    store.put(conn, environment_id, changed)
    store.remove(conn, environment_id, done.gone)
    for (position, acknowledged_at), values in lags.items():
        whole = store.spread_of(conn, environment_id, position)
        whole.merge(Lags.of(values))
        store.put_spread(conn, environment_id, position, acknowledged_at, whole, now)
        done.lags += values
    return done


def _within(
    conn: Connection,
    environment_id: str,
    arrivals: Sequence[Arrived],
    known: dict[str, Follower],
    most: int,
    done: TakenIn,
) -> Sequence[Arrived]:
    """The receipts of followers that are known, and of as many others as there is room for."""
    new = [one for one in arrivals if one.receipt.follower not in known]
    if not new:
        return arrivals
    room = max(0, most - store.how_many(conn, environment_id))
    done.new, done.dropped = min(room, len(new)), max(0, len(new) - room)
    left_out = {one.receipt.follower for one in new[room:]}
    return [one for one in arrivals if one.receipt.follower not in left_out]


def _lags(
    conn: Connection,
    environment_id: str,
    arrivals: Sequence[Arrived],
    known: dict[str, Follower],
) -> tuple[dict[tuple[Position, int], list[float]], dict[str, float]]:
    """What was measured: by release and time of its acknowledgement, and each follower's own of the release it holds."""
    told = [
        (arrived, news_in(arrived.receipt, before.position if before is not None else None))
        for arrived in arrivals
        for before in (known.get(arrived.receipt.follower),)
    ]
    acknowledged = store.acknowledged(
        conn, environment_id, (one.position for _, news in told for one in news)
    )
    lags: defaultdict[tuple[Position, int], list[float]] = defaultdict(list)
    own: dict[str, float] = {}
    for arrived, news in told:
        for one in news:
            moment = acknowledged.get(one.position)
            if moment is None:
                continue  # no release of ours
            lag = lag_ms(moment, arrived.at, one)
            lags[one.position, moment].append(lag)
            if one.position == arrived.receipt.position:
                own[arrived.receipt.follower] = lag
    return lags, own


def _is_news(before: Follower, after: Follower) -> bool:
    return (
        after.position != before.position
        or after.last_seen - before.last_seen >= REFRESH_US
        or after.via != before.via
        or after.lag_ms != before.lag_ms
        or (after.refused, after.refused_release) != (before.refused, before.refused_release)
    )
