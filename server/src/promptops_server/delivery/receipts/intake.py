"""Taking receipts in: gathered in memory, written by one thread in batches, so that thousands of followers cost little.

Owns the gathering, its limits and the thread. What a receipt changes is decided by `model`; written by `store`.
A crash loses what was gathered since the last batch: the next heartbeats bring back where everybody is.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice

import structlog
from sqlalchemy import Connection

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import metrics, store
from promptops_server.delivery.receipts.lags import Lags
from promptops_server.delivery.receipts.model import (
    FORGOTTEN_US,
    Arrived,
    Follower,
    Receipt,
    kept_of,
    lag_ms,
    news_in,
)
from promptops_server.delivery.store import Facts
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

NEWS_SECONDS = 0.1
"""A receipt that tells of a release is written after so long at most,"""
HEARTBEAT_SECONDS = 3.0
"""and one that only says that somebody is there after so long."""
BATCH = 500
"""Followers in one transaction: releases being published must not wait longer for their turn."""
MOST_WAITING = 50_000
MOST_FOLLOWERS = 20_000
"""Followers kept of one environment; more are not taken in."""
SPREAD_KEPT_US = 90 * 86_400_000_000
UPKEEP_SECONDS = 60.0
_REFRESH_US = 8_000_000
"""A sign that nobody needs: the last one is hardly older."""


class Intake:
    """One per process. `put` is called from any thread; `start` and `close` once each.

    Args:
        changed: told an environment's id after receipts of it were written.
    """

    def __init__(self, db: Database, changed: Callable[[str], None]) -> None:
        self._db = db
        self._changed = changed
        self._waiting: dict[tuple[str, str], Arrived] = {}
        self._facts: dict[str, Facts] = {}
        self._following: dict[str, int] = {}
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._news = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def put(self, facts: Facts, receipt: Receipt, at: int | None = None) -> None:
        """Take a receipt in, received at a time (microseconds; None is now). Costs microseconds, no I/O."""
        arrived = Arrived(receipt, now_us() if at is None else at)
        key = (facts.id, receipt.follower)
        with self._mutex:
            earlier = self._waiting.get(key)
            if earlier is None and len(self._waiting) >= MOST_WAITING:
                metrics.DROPPED.inc()
                return
            self._waiting[key] = arrived.after(earlier)
            self._facts[facts.id] = facts
            if receipt.applied or receipt.leaving:
                self._news = True
                self._wake.set()
        metrics.TAKEN.labels(receipt.via).inc()

    def following(self, environment_id: str) -> int:
        """About how many follow an environment, as far as this process has seen."""
        return self._following.get(environment_id, 0)

    def _run(self) -> None:
        next_upkeep = time.monotonic() + 5.0
        while not self._stopping:
            self._wake.wait(HEARTBEAT_SECONDS)
            if not self._stopping:
                time.sleep(NEWS_SECONDS)  # others report the same release: one transaction for all
            self._wake.clear()
            try:
                self.write_waiting()
                if time.monotonic() >= next_upkeep:
                    next_upkeep = time.monotonic() + UPKEEP_SECONDS
                    self.forget_old()
            except ProblemError as problem:
                log.warning("receipts_wait", reason=problem.detail)
            except Exception:
                log.exception("receipts_failed")
        try:
            self.write_waiting()
        except Exception:
            log.warning("receipts_lost", count=len(self._waiting))

    def write_waiting(self) -> None:
        """Write everything gathered.

        Raises:
            Unavailable: the database did not answer; what was not written stays gathered.
        """
        while True:
            with self._mutex:
                keys = list(islice(self._waiting, BATCH))
                batch = {key: self._waiting.pop(key) for key in keys}
                self._news = False
            if not batch:
                return
            try:
                self._write(batch)
            except BaseException:
                with self._mutex:
                    for key, arrived in batch.items():
                        newer = self._waiting.get(key)
                        self._waiting[key] = arrived if newer is None else newer.after(arrived)
                raise

    def forget_old(self) -> None:
        """Forget followers without a sign for an hour, and figures older than 90 days."""
        now = now_us()
        with self._db.write() as tx:
            store.take_turn(tx.conn)
            store.remove_old(
                tx.conn, seen_before=now - FORGOTTEN_US, spread_before=now - SPREAD_KEPT_US
            )

    def _write(self, batch: dict[tuple[str, str], Arrived]) -> None:
        by_environment: defaultdict[str, list[Arrived]] = defaultdict(list)
        for (environment_id, _), arrived in batch.items():
            by_environment[environment_id].append(arrived)
        observed: list[tuple[Facts, list[float]]] = []
        with self._db.write() as tx:
            store.take_turn(tx.conn)
            for environment_id, arrivals in by_environment.items():
                lags = self._write_environment(tx.conn, environment_id, arrivals, tx.now)
                observed.append((self._facts[environment_id], lags))
        for facts, lags in observed:
            metrics.observe(facts.project, facts.name, lags)
        for environment_id in by_environment:
            self._changed(environment_id)

    def _write_environment(
        self, conn: Connection, environment_id: str, arrivals: list[Arrived], now: int
    ) -> list[float]:
        leaving = [a.receipt.follower for a in arrivals if a.receipt.leaving]
        known = store.known(conn, environment_id, (a.receipt.follower for a in arrivals))
        news = {
            a.receipt.follower: news_in(
                a.receipt, k.position if (k := known.get(a.receipt.follower)) else None
            )
            for a in arrivals
        }
        acknowledged = store.acknowledged(
            conn, environment_id, (one.position for told in news.values() for one in told)
        )
        room = self._room(conn, environment_id, known, arrivals)
        fresh: list[Follower] = []
        lags: defaultdict[Position, list[float]] = defaultdict(list)
        for arrived in arrivals:
            receipt = arrived.receipt
            before = known.get(receipt.follower)
            if before is None:
                if room <= 0:
                    metrics.DROPPED.inc()
                    continue
                room -= 1
            own: float | None = None
            for one in news[receipt.follower]:
                moment = acknowledged.get(one.position)
                if moment is None:
                    continue  # no release of ours
                lag = lag_ms(moment, arrived.at, one)
                lags[one.position].append(lag)
                if one.position == receipt.position:
                    own = lag
            after = kept_of(arrived, before, own)
            if before is None or after.position != before.position or _is_older(before, after):
                fresh.append(after)
        gone = set(leaving)
        store.put(conn, environment_id, [each for each in fresh if each.id not in gone])
        store.remove(conn, environment_id, leaving)
        for position, values in lags.items():
            whole = store.spread_of(conn, environment_id, position)
            whole.merge(Lags.of(values))
            store.put_spread(conn, environment_id, position, acknowledged[position], whole, now)
        return [value for values in lags.values() for value in values]

    def _room(
        self,
        conn: Connection,
        environment_id: str,
        known: dict[str, Follower],
        arrivals: Iterable[Arrived],
    ) -> int:
        new = sum(1 for a in arrivals if a.receipt.follower not in known)
        if not new and environment_id in self._following:
            return 0
        there = store.how_many(conn, environment_id)
        self._following[environment_id] = there + new
        return MOST_FOLLOWERS - there


def _is_older(before: Follower, after: Follower) -> bool:
    return (
        after.last_seen - before.last_seen >= _REFRESH_US
        or after.via != before.via
        or after.lag_ms != before.lag_ms
    )
