"""Redis converges to SQL by itself after whatever happened to it, and is left alone when it is right."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from delivery_world import World
from http_delivery import serve
from redis_follower import raw, snapshot

from promptops.delivery.header import Header
from promptops_server.audit.set_back import tell_set_back
from promptops_server.delivery.layout import Names
from promptops_server.delivery.reconciler import Reading, what_is_needed
from promptops_server.delivery.standing import Seen
from promptops_server.delivery.store import Head
from promptops_server.infra.database import Database
from promptops_server.infra.redis_process import RedisProcess

NAMES = Names.of("retail-bank", "production")
FAST = {"reconcile_seconds": 0.05}


def wait_until(met: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def test_every_environment_is_brought_at_start_also_empty_ones(
    any_world: World, valkey: str
) -> None:
    any_world.add_environment("staging")
    any_world.release({"claims/triage": 1})
    with serve(any_world, valkey, **FAST) as served:
        client = raw(valkey)
        staging = Names.of("retail-bank", "staging")
        wait_until(
            lambda: bool(client.exists(NAMES.state) and client.exists(staging.state)), "both there"
        )
        wait_until(lambda: served.delivery.health().ok, "healthy")
    assert set(snapshot(any_world, valkey).live) == {"claims/triage"}
    assert snapshot(any_world, valkey, "staging").tree.count == 0


@pytest.mark.parametrize(
    "harm",
    [
        lambda c, g: c.flushall(),
        lambda c, g: c.delete(NAMES.entries(g)),
        lambda c, g: c.delete(NAMES.artifacts(g)),
        lambda c, g: c.hdel(NAMES.entries(g), "claims/triage"),
        lambda c, g: c.hset(NAMES.entries(g), "claims/forged", "[]"),
        lambda c, g: c.hset(NAMES.state, "release", "0"),
        lambda c, g: c.hset(NAMES.state, "release", "soon"),
        lambda c, g: c.hset(NAMES.state, mapping={"release": "99", "header": "{}"}),
        lambda c, g: c.hdel(NAMES.state, "generation"),
        lambda c, g: (c.delete(NAMES.state), c.set(NAMES.state, "another type")),
    ],
    ids=["flushall", "entries", "artifacts", "one-entry", "more-entries", "older", "nonsense",
         "ahead-unsigned", "no-generation", "wrong-type"],
)  # fmt: skip
def test_harm_done_to_redis_is_repaired_without_a_publish(
    world: World, valkey: str, harm: Callable[[object, str], object]
) -> None:
    world.release({"claims/triage": 1, "claims/motor": 2})
    with serve(world, valkey, **FAST) as served:
        client = raw(valkey)
        wait_until(lambda: client.hget(NAMES.state, "release") == "1", "there")
        served.delivery._reconciler._next_deep = 0.0
        harm(client, client.hget(NAMES.state, "generation"))

        def whole() -> bool:
            served.delivery._reconciler._next_deep = 0.0
            try:
                return set(snapshot(world, valkey).live) == {"claims/triage", "claims/motor"}
            except Exception:
                return False

        wait_until(whole, "repaired")
        world.release({"claims/triage": 2})
        assert served.delivery.project(world.environment.id) == "applied"
    assert snapshot(world, valkey).live["claims/triage"].entry.version == 2


def test_redis_down_is_pending_and_arrives_when_it_returns_while_http_goes_on(
    world: World, redis_process: RedisProcess, tmp_path: Path
) -> None:
    with serve(world, redis_process.url, **FAST) as served, served.events() as stream:
        assert stream.next()[0] == "hello"
        wait_until(lambda: served.delivery.health().ok, "healthy")
        redis_process.stop()
        world.release({"claims/triage": 1})
        assert served.delivery.project(world.environment.id) == "pending"
        assert stream.next()[1] == "1-1"
        health = served.delivery.health()
        assert (health.redis, health.behind, health.ok) == ("down", 1, False)

        again = RedisProcess(tmp_path / "redis")
        again.start()
        try:
            wait_until(lambda: served.delivery.health().ok, "caught up")
            assert snapshot(world, again.url).live["claims/triage"].entry.version == 1
            world.release({"claims/triage": 2})
            assert served.delivery.project(world.environment.id) == "applied"
        finally:
            again.stop()


def test_a_newer_as_of_reaches_redis_and_its_followers(world: World, valkey: str) -> None:
    world.release({"claims/triage": 1})
    with serve(world, valkey, vouch_every_us=100_000, **FAST):
        client = raw(valkey)
        wait_until(lambda: client.hget(NAMES.state, "release") == "1", "there")
        heard = client.pubsub(ignore_subscribe_messages=True)
        heard.subscribe(NAMES.nudge)
        first = Header.from_json(client.hget(NAMES.state, "header"))
        wait_until(
            lambda: Header.from_json(client.hget(NAMES.state, "header")).as_of > first.as_of,
            "newer",
        )
        wait_until(lambda: heard.get_message(timeout=0.05) is not None, "nudged")
    assert world.keys.signed_here(Header.from_json(client.hget(NAMES.state, "header")))
    assert snapshot(world, valkey).header.as_of > first.as_of  # type: ignore[union-attr]


def test_delivery_goes_on_while_changes_of_an_old_copy_are_refused(
    any_world: World, valkey: str
) -> None:
    any_world.release({"claims/triage": 1})
    client = raw(valkey)
    with serve(any_world, valkey, vouch_every_us=100_000, **FAST):
        wait_until(lambda: bool(client.exists(NAMES.state)), "there")
        tell_set_back(any_world.db, "an audit log is shorter than its checkpoint")
        before = Header.from_json(client.hget(NAMES.state, "header")).as_of
        for _ in range(2):
            client.flushall()
            wait_until(lambda: bool(client.exists(NAMES.state)), "written anew")
        wait_until(
            lambda: Header.from_json(client.hget(NAMES.state, "header")).as_of > before,
            "vouched for again",
        )


def test_artifacts_nobody_needs_are_dropped_in_time(world: World, valkey: str) -> None:
    projection = world.projection(valkey)
    projection.project(world.environment.id)
    world.releases("claims/triage", 1, 79)
    projection.project(world.environment.id)
    client = raw(valkey)
    assert client.hlen(NAMES.artifacts(client.hget(NAMES.state, "generation"))) == 79
    with serve(world, valkey, **FAST):
        wait_until(
            lambda: client.hlen(NAMES.artifacts(client.hget(NAMES.state, "generation"))) == 1,
            "pruned",
        )
    assert snapshot(world, valkey).tree.count == 1


def test_two_installations_on_one_redis_do_not_fight(
    world: World, valkey: str, sqlite_template: Path, tmp_path: Path
) -> None:
    """A used Redis is taken over once; when its owner is alive it takes it back, and the newcomer says so."""
    shutil.copyfile(sqlite_template, tmp_path / "other.sqlite")
    other_db = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other = World.create(other_db)
    owner, newcomer = world.projection(valkey), other.projection(valkey)
    assert owner.project(world.environment.id) == "applied"
    assert newcomer.project(other.environment.id) == "applied"
    owner.forget(world.environment.id)
    assert owner.project(world.environment.id) == "applied"
    newcomer.forget(other.environment.id)
    assert newcomer.project(other.environment.id) == "pending"
    assert "another installation" in newcomer._status.health().refused["retail-bank/production"]
    assert snapshot(world, valkey).header is not None
    other_db.close()


def test_what_is_needed_follows_from_head_and_reading() -> None:
    head = Head("id", 1, 4, 1_000_000, "h4", 2)
    right = Reading(Seen("1", "4", "h4", "g"), "1970-01-01T00:00:01.000000Z", 2, 2)
    assert what_is_needed(head, right) == "nothing"
    assert what_is_needed(head, right._replace(seen=Seen())) == "bring"
    assert what_is_needed(head, right._replace(seen=Seen("1", "3", "h3", "g"))) == "bring"
    assert what_is_needed(head, right._replace(seen=Seen("1", "4", "x", "g"))) == "bring"
    assert what_is_needed(head, right._replace(entries=1)) == "restore"
    assert what_is_needed(head, right._replace(as_of="1970-01-01T00:00:00.000000Z")) == "vouch"
