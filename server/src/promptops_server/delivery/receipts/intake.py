"""Taking receipts in: gathered in memory, written by one thread in batches, so that thousands of followers cost little.

Owns the gathering, its limits and the thread. Leaves to `take_in` what a batch changes.
A crash loses what was gathered since the last batch: the next heartbeats bring back where everybody is.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import metrics, store
from promptops_server.delivery.receipts.model import (
    FORGOTTEN_US,
    Arrived,
    Receipt,
)
from promptops_server.delivery.receipts.take_in import REFRESH_US, TakenIn, take_in
from promptops_server.delivery.store import Facts
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

NEWS_SECONDS = 0.1
"""A receipt that tells of a release is written after so long at most,"""
HEARTBEAT_SECONDS = 3.0
"""and one that only says that somebody is there after so long."""
RECENT_MS = 3_000
"""Who holds a release for no longer has just begun: somebody may be waiting to see that."""
BATCH = 200
"""Followers in one transaction: releases being published must not wait longer for their turn."""
MOST_WAITING = 50_000
MOST_FOLLOWERS = 20_000
"""Followers kept of one environment; more are not taken in."""
SPREAD_KEPT_US = 90 * 86_400_000_000
UPKEEP_SECONDS = 60.0


class _Stored(NamedTuple):
    """What the table has of a follower, as far as this process knows."""

    position: Position
    last_seen: int
    refused: tuple[str, str | None] | None = None


class Intake:
    """One per process. `put` is called from any thread; `start` and `close` once each.

    Args:
        changed: told an environment's id after receipts of it were written.
        suspected: told an environment's id when a follower over Redis refuses what it finds there.
    """

    def __init__(
        self,
        db: Database,
        changed: Callable[[str], None],
        suspected: Callable[[str], None] | None = None,
    ) -> None:
        self._db = db
        self._changed = changed
        self._suspected = suspected
        self._waiting: dict[tuple[str, str], Arrived] = {}
        self._facts: dict[str, Facts] = {}
        self._following: dict[str, int] = {}
        self._stored: dict[tuple[str, str], _Stored] = {}
        self._mutex = threading.Lock()
        self._wake = threading.Event()
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
            if (
                receipt.applied
                or receipt.leaving
                or receipt.held_ms < RECENT_MS
                or (receipt.refused is not None and receipt.refused.for_ms < RECENT_MS)
            ):
                self._wake.set()
        if receipt.refused is not None and receipt.via == "redis" and self._suspected is not None:
            self._suspected(facts.id)
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
            self._stored.clear()  # another server may have removed some of them
            for environment_id in self._following:
                self._following[environment_id] = store.how_many(tx.conn, environment_id)

    def _write(self, batch: dict[tuple[str, str], Arrived]) -> None:
        by_environment: defaultdict[str, list[Arrived]] = defaultdict(list)
        signs: dict[tuple[str, str], _Stored] = {}
        for key, arrived in batch.items():
            stored = self._stored.get(key)
            if stored is None or not _is_sign(arrived.receipt, stored):
                by_environment[key[0]].append(arrived)
            elif arrived.at - stored.last_seen >= REFRESH_US:
                signs[key] = _Stored(stored.position, arrived.at, stored.refused)
        if not by_environment and not signs:
            return
        taken: dict[str, TakenIn] = {}
        with self._db.write() as tx:
            store.take_turn(tx.conn)
            store.touch(tx.conn, [(*key, sign.last_seen) for key, sign in signs.items()])
            for environment_id, arrivals in by_environment.items():
                taken[environment_id] = self._take_in(tx.conn, environment_id, arrivals, tx.now)
        self._stored |= signs
        for environment_id, done in taken.items():
            facts = self._facts[environment_id]
            metrics.observe(facts.project, facts.name, done.lags)
            metrics.DROPPED.inc(done.dropped)
            for each in done.stored:
                key = (environment_id, each.id)
                told = None if each.refused is None else (each.refused, each.refused_release)
                self._stored[key] = _Stored(each.position, each.last_seen, told)
            for gone in done.gone:
                self._stored.pop((environment_id, gone), None)
        for environment_id in {key[0] for key in batch}:
            self._changed(environment_id)

    def _take_in(
        self, conn: Connection, environment_id: str, arrivals: list[Arrived], now: int
    ) -> TakenIn:
        taken = take_in(conn, environment_id, arrivals, now, most=MOST_FOLLOWERS)
        if taken.new or environment_id not in self._following:
            self._following[environment_id] = store.how_many(conn, environment_id)
        return taken


def _is_sign(receipt: Receipt, stored: _Stored) -> bool:
    """Whether a receipt says nothing but that its follower is there."""
    refused = receipt.refused
    told = None if refused is None else (refused.code, refused.release)
    return (
        not receipt.applied
        and not receipt.leaving
        and receipt.position == stored.position
        and told == stored.refused
    )
