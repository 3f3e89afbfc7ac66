"""Receipts of many followers: written in batches, counted once, collected from Redis, forgotten when they are old."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest
from delivery_world import World
from sqlalchemy import update

from promptops.delivery.header import Position
from promptops_server.delivery.receipts import look, store
from promptops_server.delivery.receipts.collect import Collector
from promptops_server.delivery.receipts.intake import Intake
from promptops_server.delivery.receipts.model import (
    FORGOTTEN_US,
    SILENT_US,
    Applied,
    Receipt,
    pace_ms,
)
from promptops_server.delivery.receipts.tables import follower
from promptops_server.delivery.receipts.wire import FollowerPage, SpreadOut
from promptops_server.delivery.store import Facts
from promptops_server.infra.clock import now_us
from promptops_server.infra.redis import RedisAddress, connect

MANY = 1000


class Site:
    """One environment and an intake of its own, written when the test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changed: list[str] = []
        self.intake = self.another()
        environment = world.environment
        self.facts = Facts(environment.id, world.project_id, world.project, environment.name)

    def another(self) -> Intake:
        """As of another server on the same database."""
        return Intake(self.world.db, self.changed.append)

    def report(self, number: int, release: int, *, at: int | None = None, ago_ms: float = 5.0,
               began: bool = False, leaving: bool = False, to: Intake | None = None) -> None:  # fmt: skip
        position = Position(1, release)
        receipt = Receipt(
            follower=f"{number:032x}", host=f"web-{number % 20:02}", process=number,
            sdk="promptops-client 1", via="http", position=position, held_ms=ago_ms,
            applied=() if began else (Applied(position, 0.5, ago_ms),), leaving=leaving,
        )  # fmt: skip
        (to or self.intake).put(self.facts, receipt, at)

    def acknowledged(self, number: int) -> int:
        with self.world.db.read() as conn:
            found = store.acknowledged(conn, self.facts.id, [Position(1, number)])
        return found[Position(1, number)]

    def followers(self, **asked: object) -> FollowerPage:
        with self.world.db.read() as conn:
            return look.followers(
                conn,
                self.facts.id,
                now_us(),
                **{"limit": 500, **asked},  # type: ignore[arg-type]
            )

    def spread(self, number: int) -> SpreadOut:
        position = Position(1, number)
        with self.world.db.read() as conn:
            return look.spread(conn, self.facts.id, position, self.acknowledged(number), now_us())


@pytest.fixture
def site(any_world: World) -> Site:
    any_world.release({"claims/triage": 1})
    return Site(any_world)


def test_a_thousand_followers_are_written_in_a_moment_and_shown_page_by_page(site: Site) -> None:
    for number in range(MANY):
        site.report(number, 1, began=True)
    site.intake.write_waiting()
    site.world.release({"claims/triage": 2})
    acknowledged = site.acknowledged(2)
    began = time.monotonic()
    for number in range(MANY - 10):
        lag_us = 1_000 * (1 + number % 100)
        site.report(number, 2, at=acknowledged + lag_us + 5_000)
    site.intake.write_waiting()
    took = time.monotonic() - began
    assert took < 5.0
    summary = site.followers().summary
    assert (summary.total, summary.current, summary.behind, summary.silent) == (
        MANY,
        MANY - 10,
        10,
        0,
    )
    assert summary.release == 2
    assert summary.slowest_ms == pytest.approx(100.0, abs=0.1)
    assert summary.p50_ms == pytest.approx(50.0, rel=0.13)
    spread = site.spread(2)
    assert (spread.total, spread.applied, spread.waiting) == (MANY, MANY - 10, 10)
    assert sum(column.count for column in spread.histogram) == MANY - 10
    assert len(spread.stragglers) == 10
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = site.followers(limit=77, cursor=cursor)
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == MANY
    assert {item.state for item in site.followers(state="behind").items} == {"behind"}
    assert len(site.followers(number=1).items) == 10


def test_a_release_counts_once_however_often_and_to_whom_it_is_told(site: Site) -> None:
    other = site.another()
    site.report(1, 1, began=True)
    site.intake.write_waiting()
    site.world.release({"claims/triage": 2})
    for intake in (site.intake, other, site.intake):
        site.report(1, 2, to=intake)
        intake.write_waiting()
    assert sum(column.count for column in site.spread(2).histogram) == 1
    assert site.changed[-1] == site.facts.id


def test_who_began_with_a_release_has_no_lag_of_it(site: Site) -> None:
    site.report(1, 1, began=True)
    site.intake.write_waiting()
    (item,) = site.followers().items
    assert (item.state, item.lag_ms) == ("current", None)
    with site.world.db.read() as conn:
        assert store.spread_history(conn, site.facts.id, limit=5, after=None).items == []


def test_a_release_that_never_was_has_no_figures(site: Site) -> None:
    site.report(1, 77)
    site.intake.write_waiting()
    with site.world.db.read() as conn:
        assert store.spread_of(conn, site.facts.id, Position(1, 77)).total == 0


def test_who_gives_no_sign_is_silent_then_forgotten(site: Site) -> None:
    for number in range(3):
        site.report(number, 1, began=True)
    site.intake.write_waiting()

    def last_seen(number: int, ago_us: int) -> None:
        with site.world.db.write() as tx:
            tx.conn.execute(
                update(follower)
                .where(follower.c.id == f"{number:032x}")
                .values(last_seen=now_us() - ago_us)
            )

    last_seen(1, SILENT_US + 1_000_000)
    last_seen(2, FORGOTTEN_US + 1_000_000)
    summary = site.followers().summary
    assert (summary.total, summary.current, summary.silent) == (2, 1, 1)
    (silent,) = site.followers(state="silent").items
    assert silent.process == 1
    assert silent.since > silent.last_seen
    site.intake.forget_old()
    with site.world.db.read() as conn:
        assert store.how_many(conn, site.facts.id) == 2
    # A sign is enough to be counted again.
    site.report(1, 1, began=True)
    site.intake.write_waiting()
    assert site.followers().summary.current == 2


def test_who_leaves_is_forgotten_at_once(site: Site) -> None:
    site.report(1, 1, began=True)
    site.intake.write_waiting()
    site.report(1, 1, began=True, leaving=True)
    site.intake.write_waiting()
    assert site.followers().summary.total == 0


def test_of_more_followers_than_are_kept_the_first_stay(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptops_server.delivery.receipts.intake.MOST_FOLLOWERS", 5)
    for number in range(9):
        site.report(number, 1, began=True)
    site.intake.write_waiting()
    site.report(3, 1, began=True)
    site.intake.write_waiting()
    assert site.followers().summary.total == 5


def test_metrics_tell_who_holds_what(site: Site) -> None:
    site.report(1, 1, began=True)
    site.world.release({"claims/triage": 2})
    site.report(2, 2)
    site.intake.write_waiting()
    with site.world.db.read() as conn:
        found = {
            (each.number, each.state): each.followers for each in store.on_releases(conn, now_us())
        }
    assert found == {(1, "behind"): 1, (2, "current"): 1}


@pytest.fixture
def collected(world: World, valkey: str) -> Iterator[Site]:
    world.release({"claims/triage": 1})
    site = Site(world)
    site.intake.start()
    collector = Collector(world.db, connect(RedisAddress(valkey), timeout=5), site.intake)
    collector.start()
    yield site
    collector.close()
    site.intake.close()


def test_a_thousand_receipts_in_redis_are_collected(collected: Site, valkey: str) -> None:
    client = connect(RedisAddress(valkey), timeout=5)
    prefix = "promptops:{retail-bank/production}:receipt"

    def write(release: int, *, tell: bool) -> None:
        pipe = client.pipeline(transaction=False)
        for number in range(MANY):
            body = {
                "follower": f"{number:032x}", "host": "web", "process": number, "sdk": "s",
                "release": f"1-{release}", "held_ms": 1.0,
                "applied": [{"release": "1-2", "took_ms": 0.5, "ago_ms": 1.0}] if release == 2 else [],
            }  # fmt: skip
            pipe.set(f"{prefix}:{number:032x}", json.dumps(body), ex=60)
            if tell:
                pipe.publish(f"{prefix}s", f"{number:032x}")
        pipe.set(f"{prefix}:{os.urandom(16).hex()}", "no receipt", ex=60)
        pipe.set(f"{prefix}:{'f' * 32}", json.dumps(body), ex=60)  # of another's id
        pipe.execute()

    def until(applied: int) -> FollowerPage:
        deadline = time.monotonic() + 20
        while True:
            page = collected.followers(limit=1)
            if page.summary.current == applied:
                return page
            assert time.monotonic() < deadline, page.summary
            time.sleep(0.05)

    client.hset("promptops:{retail-bank/production}:state", "header", "for somebody to look at")
    time.sleep(0.5)  # the collector has subscribed and scanned
    write(1, tell=True)
    until(MANY)
    collected.world.release({"claims/triage": 2})
    assert collected.followers(limit=1).summary.behind == MANY
    write(2, tell=True)
    page = until(MANY)
    assert page.summary.total == MANY
    assert page.summary.p99_ms is not None
    assert page.summary.p99_ms < 5_000
    # Where followers over Redis look anyway it says over how long so many are to spread their reports.
    told = float(client.hget("promptops:{retail-bank/production}:state", "pace_ms") or 0)
    assert told == pytest.approx(pace_ms(MANY), rel=0.2)
    client.close()


def test_receipts_that_nobody_told_of_are_found(world: World, valkey: str) -> None:
    world.release({"claims/triage": 1})
    site = Site(world)
    client = connect(RedisAddress(valkey), timeout=5)
    receipt = {
        "follower": "a" * 32, "host": "web", "process": 1, "sdk": "s", "release": "1-1",
        "held_ms": 1.0, "applied": [],
    }  # fmt: skip
    client.set("promptops:{retail-bank/production}:receipt:" + "a" * 32, json.dumps(receipt), ex=60)
    collector = Collector(world.db, client, site.intake)
    collector.start()
    deadline = time.monotonic() + 10
    while site.followers().summary.total != 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        site.intake.write_waiting()
    (item,) = site.followers().items
    assert item.via == "redis"
    collector.close()
    client.close()
