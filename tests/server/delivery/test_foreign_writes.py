"""Somebody else writes into Redis: followers refuse it and say so, the server tells its operator and puts right what was there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from delivery_world import World, artifact_text
from http_delivery import Served, serve
from redis_follower import raw
from sqlalchemy import select

from promptops import NotConnected, PromptOps
from promptops.delivery.header import Header, digest_of, parse_time, sign_header
from promptops_server.delivery import reconciler
from promptops_server.delivery.layout import Names
from promptops_server.delivery.receipts.tables import follower
from promptops_server.infra.clock import from_text, now_us
from support.redis_topologies import until

NAMES = Names.of("retail-bank", "production")
LABEL = "retail-bank/production"
Follow = Callable[..., PromptOps]


@pytest.fixture
def follow(world: World, valkey: str) -> Iterator[Follow]:
    made: list[PromptOps] = []

    def start(**more: Any) -> PromptOps:
        options = {
            "redis_url": valkey, "trust_key": world.trust_key, "project": "retail-bank",
            "environment": "production", "disk_cache": False, "start_timeout": 20, **more,
        }  # fmt: skip
        made.append(PromptOps(**options))
        return made[-1]

    yield start
    for ops in made:
        ops.close()


@pytest.fixture
def hand(valkey: str) -> redis.Redis:
    """Who may write to Redis and should not."""
    return raw(valkey)


def told(served: Served) -> str:
    return served.delivery.health().altered.get(LABEL, "")


def refused(world: World) -> list[str]:
    with world.db.read() as conn:
        return list(conn.execute(select(follower.c.refused)).scalars())


def state_of(hand: redis.Redis) -> dict[str, str]:
    found: dict[str, str] = hand.hgetall(NAMES.state)  # type: ignore[assignment]
    return found


def other_text(hand: redis.Redis, world: World) -> None:
    """The same digest, another text: what counts alone do not show."""
    place = NAMES.artifacts(state_of(hand)["generation"])
    for digest in hand.hkeys(place):  # type: ignore[union-attr]
        hand.hset(place, digest, artifact_text("retail-bank", "claims/triage", 1, "Pay it."))


def other_entry(hand: redis.Redis, world: World) -> None:
    """An entry that makes another version live."""
    place = NAMES.entries(state_of(hand)["generation"])
    digest = digest_of(artifact_text("retail-bank", "claims/triage", 1))
    hand.hset(place, "claims/triage", json.dumps(["claims/triage", "live", 9, 1, digest, ""]))


def stranger(hand: redis.Redis, world: World) -> None:
    """A head of the same content, signed by a key of one's own."""
    at = world.header()
    header = sign_header(Ed25519PrivateKey.generate(), at.statement_text, _when(at))
    hand.hset(NAMES.state, "header", header.to_json())


def _when(header: Header) -> Any:
    return parse_time(header.as_of)


@pytest.mark.parametrize(
    ("write", "code", "words"),
    [
        (other_text, "wrong-artifact", "the text of claims/triage is another"),
        (other_entry, "wrong-root", "not the signed one"),
        (stranger, "unknown-key", "wrong signature"),
    ],
)
def test_what_was_put_in_place_of_a_text_is_refused_by_a_new_process_and_put_right(
    world: World, valkey: str, hand: redis.Redis, follow: Follow,
    write: Callable[[redis.Redis, World], None], code: str, words: str,
) -> None:  # fmt: skip
    world.release({"claims/triage": 1})
    with serve(world, valkey, reconcile_seconds=0.1) as served:
        until(lambda: served.delivery.project(world.environment.id) == "applied", "it is there")
        running = follow()
        assert running.get("claims/triage").version == 1
        write(hand, world)
        fresh = follow(start_timeout=0.5)
        until(lambda: told(served), "the server sees it, for a follower complained")
        assert words in told(served)
        until(lambda: fresh.health().release == 1, "what is right is there again")
        assert fresh.get("claims/triage").version == 1
        assert fresh.health().last_refusal is not None
        assert fresh.health().last_refusal.code == code
        assert running.get("claims/triage").render()[-1]["content"] == "Sort the claim."
        until(lambda: set(refused(world)) == {None}, "nobody refuses any more")


def test_a_process_that_has_nothing_says_what_it_refuses(
    world: World, valkey: str, hand: redis.Redis, follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(reconciler, "_SUSPECT_SECONDS", 0.0)
    world.release({"claims/triage": 1})
    with serve(world, valkey, reconcile_seconds=30) as served:
        until(lambda: served.delivery.project(world.environment.id) == "applied", "it is there")
        served.delivery._reconciler.close()  # nobody puts it right
        other_text(hand, world)
        fresh = follow(start_timeout=0.5)
        until(lambda: refused(world) == ["wrong-artifact"], "the operator sees it")
        with pytest.raises(NotConnected, match="its content was changed"):
            fresh.get("claims/triage")


def test_another_environments_state_is_refused_and_put_right(
    world: World, valkey: str, hand: redis.Redis, follow: Follow
) -> None:
    staging = world.add_environment("staging")
    world.release({"claims/triage": 1})
    world.release({"claims/triage": 7}, environment_id=staging.id)
    with serve(world, valkey, reconcile_seconds=0.1) as served:
        delivery = served.delivery
        until(
            lambda: (
                delivery.project(staging.id) == delivery.project(world.environment.id) == "applied"
            ),
            "both are there",
        )
        running = follow()
        other = Names.of("retail-bank", "staging")
        generation = hand.hget(other.state, "generation")
        for source, place in (
            (other.entries(generation), NAMES.entries(generation)),  # type: ignore[arg-type]
            (other.artifacts(generation), NAMES.artifacts(generation)),  # type: ignore[arg-type]
            (other.state, NAMES.state),
        ):
            hand.copy(source, place, replace=True)
        hand.publish(NAMES.nudge, '{"epoch":1,"release":1}')
        until(lambda: running.health().refusals, "the follower refuses it")
        assert running.health().last_refusal.code == "other-environment"  # type: ignore[union-attr]
        assert running.get("claims/triage").version == 1
        until(lambda: told(served), "the operator is told")
        until(lambda: running.health().connected, "and what is right is back")
        assert running.get("claims/triage").version == 1


def test_an_old_value_put_back_is_refused_where_something_newer_is_held_and_told(
    world: World, valkey: str, hand: redis.Redis, follow: Follow
) -> None:
    world.release({"claims/triage": 1})
    with serve(world, valkey, reconcile_seconds=0.3) as served:
        until(lambda: served.delivery.project(world.environment.id) == "applied", "it is there")
        kept = {key: hand.dump(key) for key in hand.scan_iter(f"{NAMES.prefix}*")}
        world.release(suspend={"claims/triage": "it promised money"})
        until(lambda: served.delivery.project(world.environment.id) == "applied", "it is stopped")
        running = follow()
        for key, value in kept.items():
            hand.restore(key, 0, value, replace=True)
        hand.publish(NAMES.nudge, '{"epoch":1,"release":1}')
        until(lambda: "after it had held 1-2" in told(served), "the operator is told")
        until(lambda: running.health().connected, "and the follower goes on")
        assert running.health().release == 2
        codes = {running.health().last_refusal and running.health().last_refusal.code}  # type: ignore[union-attr]
        assert codes <= {"older", None}


def test_an_old_value_is_refused_by_a_new_process_once_nobody_signs_it_any_more(
    world: World, valkey: str, follow: Follow
) -> None:
    world.release({"claims/triage": 1})
    with serve(world, valkey) as served:
        until(lambda: served.delivery.project(world.environment.id) == "applied", "it is there")
    # No server signs any more: from here on the value only grows older.
    until(lambda: _age(world) > 0.3, "time passes")
    fresh = follow(max_start_age=0.2, start_timeout=0.5)
    until(lambda: fresh.health().last_refusal is not None, "it is refused")
    assert fresh.health().last_refusal.code == "stale"  # type: ignore[union-attr]
    assert "max_start_age" in fresh.health().last_error
    with pytest.raises(NotConnected, match="stale"):
        fresh.get("claims/triage")
    assert follow(max_start_age=None).get("claims/triage").version == 1
    assert follow().get("claims/triage").version == 1  # a day is the default


def _age(world: World) -> float:
    return (now_us() - from_text(world.header().as_of)) / 1e6
