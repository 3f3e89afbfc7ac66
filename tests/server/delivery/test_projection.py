"""Releases reach Redis in order, each once, whatever happens to Redis meanwhile; read as a follower reads it."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

from delivery_world import World
from redis_follower import follow_log, raw, snapshot
from sqlalchemy import update

from promptops.delivery.header import Header
from promptops_server.delivery.layout import NUDGE_LIMIT, Names
from promptops_server.delivery.projection import BUDGET
from promptops_server.infra.redis_process import RedisProcess
from promptops_server.infra.tables import installation

NAMES = Names.of("retail-bank", "production")


def test_each_release_is_applied_onto_the_one_before(any_world: World, valkey: str) -> None:
    world, projection = any_world, any_world.projection(valkey)
    environment_id = world.environment.id
    assert projection.project(environment_id) == "applied"
    first = snapshot(world, valkey)
    assert first.header is not None
    assert first.header.position == (1, 0)

    world.release({"claims/triage": 1, "claims/motor/letter": 1})
    assert projection.project(environment_id) == "applied"
    world.release({"claims/triage": 2})
    world.release(suspend={"claims/motor/letter": "wrong promise"})
    assert projection.project(environment_id) == "applied"
    world.release({"greeting": 1}, remove={"claims/triage": "retired"})
    assert projection.project(environment_id) == "applied"

    whole = snapshot(world, valkey)
    assert set(whole.live) == {"greeting"}
    assert whole.tree.get("claims/motor/letter").reason == "wrong promise"  # type: ignore[union-attr]
    stepped = follow_log(world, valkey, first)
    assert stepped.header == whole.header
    assert stepped.tree.root == whole.tree.root
    generation = raw(valkey).hget(NAMES.state, "generation")
    assert raw(valkey).keys("*") and generation
    assert raw(valkey).hlen(NAMES.log) == 5


def test_what_was_brought_is_known_and_nothing_else_is(world: World, valkey: str) -> None:
    environment_id = world.environment.id
    projection = world.projection(valkey)
    world.release({"a": 1})
    epoch = world.header().position.epoch
    assert not projection.has(environment_id, epoch, 1)
    projection.project(environment_id)
    assert projection.has(environment_id, epoch, 1)
    assert not projection.has(environment_id, epoch, 2)
    assert not projection.has(environment_id, epoch + 1, 1)
    projection.forget(environment_id)
    assert not projection.has(environment_id, epoch, 1)


def test_projectors_racing_apply_each_release_once_and_in_order(
    any_world: World, valkey: str
) -> None:
    world = any_world
    world.projection(valkey).project(world.environment.id)
    heard = raw(valkey).pubsub(ignore_subscribe_messages=True)
    heard.subscribe(NAMES.nudge)
    heard.get_message(timeout=1)
    start = snapshot(world, valkey)
    projections = [world.projection(valkey) for _ in range(3)]
    done = threading.Event()

    def keep_projecting(number: int) -> None:
        while not done.is_set():
            projections[number].project(world.environment.id)

    threads = [threading.Thread(target=keep_projecting, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for version in range(1, 31):
        world.release({"claims/triage": version})
    deadline = time.monotonic() + 20
    while raw(valkey).hget(NAMES.state, "release") != "30" and time.monotonic() < deadline:
        time.sleep(0.01)
    done.set()
    for thread in threads:
        thread.join()

    seen = []
    while (message := heard.get_message(timeout=0.2)) is not None:
        seen.append(Header.from_value(json.loads(message["data"])["header"]).position.release)
    assert seen == list(range(1, 31))
    assert follow_log(world, valkey, start).tree.root == snapshot(world, valkey).tree.root


def test_an_emptied_redis_is_rebuilt_by_the_next_publish(world: World, valkey: str) -> None:
    projection = world.projection(valkey)
    world.release({"claims/triage": 1})
    projection.project(world.environment.id)
    raw(valkey).flushall()
    world.release({"claims/motor": 1})
    assert projection.project(world.environment.id) == "applied"
    assert set(snapshot(world, valkey).live) == {"claims/triage", "claims/motor"}


def test_a_thousand_prompts_are_rebuilt_and_the_old_generation_goes(
    world: World, valkey: str
) -> None:
    world.release({f"module{n % 7}/prompt{n}": 1 for n in range(1000)})
    world.projection(valkey).project(world.environment.id)
    before = raw(valkey).hget(NAMES.state, "generation")
    raw(valkey).hdel(NAMES.entries(before), "module0/prompt0")  # damage
    world.release({"one": 1})
    assert world.projection(valkey).project(world.environment.id) == "applied"
    state = snapshot(world, valkey)
    assert state.tree.count == 1001
    after = raw(valkey).hget(NAMES.state, "generation")
    assert after != before
    assert set(raw(valkey).keys("*")) == {
        NAMES.state,
        NAMES.log,
        NAMES.entries(after),
        NAMES.artifacts(after),
    }
    assert {raw(valkey).ttl(key) for key in raw(valkey).keys("*")} == {-1}


def test_a_large_release_arrives_by_steps_with_its_position_as_nudge(
    world: World, valkey: str
) -> None:
    projection = world.projection(valkey)
    projection.project(world.environment.id)
    start = snapshot(world, valkey)
    heard = raw(valkey).pubsub(ignore_subscribe_messages=True)
    heard.subscribe(NAMES.nudge)
    heard.get_message(timeout=1)
    world.release({f"p{n}": 1 for n in range(300)}, body="x" * 3000)
    assert projection.project(world.environment.id) == "applied"
    world.release({"small": 1})
    projection.project(world.environment.id)

    first, second = (heard.get_message(timeout=1)["data"] for _ in range(2))
    assert json.loads(first) == {"epoch": 1, "release": 1}
    assert len(second.encode()) < NUDGE_LIMIT
    told = json.loads(second)
    assert Header.from_value(told["header"]).position == (1, 2)
    assert len(told["artifacts"]) == 1
    assert follow_log(world, valkey, start).tree.count == 301


def test_redis_down_says_pending_at_once_and_takes_up_again(
    world: World, redis_process: RedisProcess, tmp_path: Path
) -> None:
    projection = world.projection(redis_process.url)
    projection.project(world.environment.id)
    redis_process.stop()
    world.release({"claims/triage": 1})
    assert projection.project(world.environment.id) == "pending"
    began = time.monotonic()
    assert projection.project(world.environment.id) == "pending"
    assert time.monotonic() - began < 0.01  # nobody waits for a Redis known to be down

    again = RedisProcess(tmp_path / "redis")
    again.start()
    try:
        projection.answered()
        assert projection.project(world.environment.id) == "applied"
        assert set(snapshot(world, again.url).live) == {"claims/triage"}
    finally:
        again.stop()


def test_a_redis_that_hangs_delays_a_publisher_by_less_than_a_second(world: World) -> None:
    with socket.socket() as listener:  # accepts, never answers
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        projection = world.projection(f"redis://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        assert projection.project(world.environment.id) == "pending"
        assert time.monotonic() - began < BUDGET + 0.1


def test_a_redis_that_is_ahead_of_the_database_is_left_alone_and_reported(
    world: World, valkey: str
) -> None:
    """As after a restore from an older backup: what Redis holds is signed by us and unknown to SQL."""
    projection = world.projection(valkey)
    world.release({"claims/triage": 1})
    projection.project(world.environment.id)
    client = raw(valkey)
    ahead = world.header().statement
    statement = type(ahead)(**{**ahead.__dict__, "release": 9, "changes": ()}).to_text()
    key_id, signature = world.keys.sign(statement, "2026-01-02T03:04:05.678901Z")
    header = Header(statement, "2026-01-02T03:04:05.678901Z", key_id, signature)
    client.hset(
        NAMES.state,
        mapping={"release": "9", "hash": header.hash, "header": header.to_json()},
    )
    world.release({"claims/triage": 2})
    assert projection.project(world.environment.id) == "pending"
    assert client.hget(NAMES.state, "release") == "9"
    refused = projection._status.health().refused
    assert "set back" in refused["retail-bank/production"]


def test_what_nobody_signed_is_written_over(world: World, valkey: str) -> None:
    projection = world.projection(valkey)
    world.release({"claims/triage": 1})
    projection.project(world.environment.id)
    client = raw(valkey)
    forged = json.loads(client.hget(NAMES.state, "header"))
    forged["statement"] = forged["statement"].replace('"release":1,', '"release":9,', 1)
    client.hset(
        NAMES.state, mapping={"release": "9", "hash": "0" * 64, "header": json.dumps(forged)}
    )
    world.release({"claims/triage": 2})
    assert projection.project(world.environment.id) == "applied"
    assert snapshot(world, valkey).live["claims/triage"].entry.version == 2


def test_the_log_keeps_five_hundred_releases(world: World, valkey: str) -> None:
    projection = world.projection(valkey)
    world.releases("claims/triage", 1, 10)
    projection.project(world.environment.id)
    world.releases("claims/triage", 11, 505)
    projection.bring(world.environment.id, raw(valkey))
    log = raw(valkey).hkeys(NAMES.log)
    assert len(log) == 500
    assert "1-505" in log and "1-6" in log and "1-5" not in log
    raw(valkey).flushall()
    world.release({"claims/triage": 1})
    world.projection(valkey).project(world.environment.id)
    assert raw(valkey).hlen(NAMES.log) == 500


def test_a_new_epoch_writes_redis_anew_and_followers_may_move_to_it(
    world: World, valkey: str
) -> None:
    projection = world.projection(valkey)
    world.release({"claims/triage": 1})
    projection.project(world.environment.id)
    with world.db.write() as tx:
        tx.conn.execute(update(installation).values(epoch=2))
    world.release({"claims/triage": 2})
    assert projection.project(world.environment.id) == "applied"
    header = snapshot(world, valkey).header
    assert header is not None
    assert header.position == (2, 2)
    assert raw(valkey).hkeys(NAMES.log) == ["2-2"]
