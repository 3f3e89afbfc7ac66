"""The next signing key, and one taken back: what the database, the list of keys, the server and real clients make of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from delivery_world import SECRET, World
from http_delivery import TOKEN, Served, serve
from redis_follower import raw
from sqlalchemy import select

from promptops import PromptOps
from promptops.delivery import keys as client_keys
from promptops.delivery.trust import KeyRing, parse_key_document
from promptops_server.app.diagnosis import _followers
from promptops_server.audit.tables import audit_event
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.known_keys import KnownKey, known_keys, state_of
from promptops_server.delivery.layout import Names
from promptops_server.delivery.receipts.metrics import Followers
from promptops_server.delivery.receipts.tables import follower
from promptops_server.delivery.revoke_key import revoke_key
from promptops_server.delivery.rotate_key import rotate_key
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Conflict, Invalid, NotFound
from support.redis_topologies import until

SOON = 0.4 / 3600
"""Hours."""


def rotate(world: World, hours: float = 24) -> KnownKey:
    return rotate_key(world.db, world.keys, SYSTEM, hours=hours, reason="Yearly")


def revoke(world: World, key_id: str) -> KnownKey:
    return revoke_key(world.db, world.keys, SYSTEM, key_id, reason="It leaked")


def states(world: World) -> list[str]:
    with world.db.read() as conn:
        found = known_keys(conn)
    return [state_of(key, found, now_us()) for key in found]


def signs(keys: Keys) -> str:
    return keys.sign("{}", "2026-01-02T03:04:05.678901Z")[0]


def ring_of(world: World, start: KeyRing) -> KeyRing:
    return start.extended(parse_key_document(json.loads(world.keys.document())))


def first_ring(world: World) -> KeyRing:
    return KeyRing.on_first_use(parse_key_document(json.loads(world.keys.document())))


def test_the_next_key_is_known_to_all_before_it_signs(any_world: World) -> None:
    world = any_world
    other = Keys(world.db, SECRET)  # another server
    old = other.ensure()
    before = first_ring(world)
    made = rotate(world, SOON)
    assert states(world) == ["signing", "announced"]
    assert signs(world.keys) == old
    assert made.key_id in ring_of(world, before).keys
    with pytest.raises(Conflict, match="announced already"):
        rotate(world)
    other.learn_now()
    until(lambda: signs(world.keys) == made.key_id, "it signs here")
    assert signs(other) == made.key_id, "and there, without asking the database again"
    assert states(world) == ["retired", "signing"]
    assert set(ring_of(world, before).keys) == {old, made.key_id}
    with world.db.read() as conn:
        (action,) = conn.execute(
            select(audit_event.c.action).where(audit_event.c.action.like("key.%"))
        ).scalars()
    assert action == "key.announce"


@pytest.mark.parametrize("hours", [-1, 24 * 365, float("nan")])
def test_a_time_that_is_none_is_refused(world: World, hours: float) -> None:
    with pytest.raises(Invalid):
        rotate(world, hours)


def test_a_revoked_key_is_followed_at_once_by_another(any_world: World) -> None:
    world = any_world
    old = signs(world.keys)
    before = first_ring(world)
    header = world.header()
    assert world.keys.signed_here(header)
    now = revoke(world, old)
    assert states(world) == ["revoked", "signing"]
    assert signs(world.keys) == now.key_id
    assert not world.keys.signed_here(header)
    for ring in (ring_of(world, before), first_ring(world)):
        assert set(ring.keys) == {now.key_id}
        assert set(ring.revoked) == {old}
    with pytest.raises(Conflict, match="was revoked"):
        revoke(world, old)
    with pytest.raises(NotFound):
        revoke(world, "0" * 16)


def test_an_announced_key_takes_over_from_a_revoked_one(world: World) -> None:
    old = signs(world.keys)
    coming = rotate(world)
    assert revoke(world, old).key_id == coming.key_id
    assert states(world) == ["revoked", "signing"]
    assert signs(world.keys) == coming.key_id


def test_an_announced_key_may_be_taken_back_and_another_announced(world: World) -> None:
    old = signs(world.keys)
    coming = rotate(world)
    with world.db.read() as conn:
        assert known_keys(conn)[0].retired_at == coming.signs_from
    assert revoke(world, coming.key_id).key_id == old
    with world.db.read() as conn:
        assert known_keys(conn)[0].retired_at is None  # nothing takes over from it any more
    rotate(world)
    assert states(world) == ["signing", "revoked", "announced"]


def test_nobody_revokes_with_a_key_that_is_not_trusted(world: World) -> None:
    old = signs(world.keys)
    before = first_ring(world)
    revoke(world, old)
    document = json.loads(world.keys.document())
    listed = next(key for key in document["keys"] if key["key_id"] == old)
    listed["revocation"] = listed["revocation"][::-1]
    assert old in before.extended(parse_key_document(document)).keys
    alone = {**document, "keys": [{**listed, "revoked_by": old}]}
    assert old in before.extended(parse_key_document(alone)).keys


@pytest.fixture
def served(world: World, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(client_keys, "FIRST_LOOK", 0.1)
    monkeypatch.setattr(client_keys, "LOOK_EVERY", 0.2)
    monkeypatch.setattr(client_keys, "_FETCH_EVERY", 0.2)
    with serve(world, valkey, reconcile_seconds=0.1) as running:
        yield running


@pytest.fixture
def follow() -> Iterator[Callable[..., PromptOps]]:
    made: list[PromptOps] = []

    def start(**options: Any) -> PromptOps:
        settings = {
            "project": "retail-bank", "environment": "production", "disk_cache": False,
            "start_timeout": 20, **options,
        }  # fmt: skip
        made.append(PromptOps(**settings))
        return made[-1]

    yield start
    for ops in made:
        ops.close()


def publish(served: Served, world: World, version: int) -> None:
    world.release({"claims/triage": version})
    until(lambda: served.delivery.project(world.environment.id) == "applied", "it is in Redis")


def has(ops: PromptOps, version: int) -> bool:
    return ops.get("claims/triage").version == version


def test_clients_go_along_with_the_next_key_or_keep_what_they_have_and_say_so(
    served: Served, world: World, valkey: str, follow: Callable[..., PromptOps],
    tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    publish(served, world, 1)
    file = tmp_path / "keys.txt"
    file.write_text(world.trust_key)
    over_http = follow(url=served.url, token=TOKEN)
    beside_redis = follow(url=served.url, token=TOKEN, redis_url=valkey)
    with_file = follow(redis_url=valkey, trust_key=str(file))
    left_out = follow(redis_url=valkey, trust_key=world.trust_key)
    all_of_them = (over_http, beside_redis, with_file, left_out)
    assert all(has(ops, 1) for ops in all_of_them)

    old = signs(world.keys)
    made = rotate(world, SOON)
    file.write_text(f"{world.trust_key}\n# the next one\n{made.public}\n")
    until(lambda: signs(world.keys) == made.key_id, "the new key signs")
    publish(served, world, 2)
    until(lambda: has(over_http, 2) and has(beside_redis, 2), "both learned of it from the server")
    until(lambda: has(with_file, 2), "the file was read again")
    until(lambda: left_out.health().refusals > 0, "the one nobody told refuses")
    said = left_out.health()
    assert has(left_out, 1), "and keeps what it has"
    assert said.last_refusal is not None
    assert said.last_refusal.code == "unknown-key"
    assert "refused (unknown-key)" in said.last_error
    assert any(
        "refused (unknown-key)" in r.message for r in caplog.records if r.levelno == logging.ERROR
    )
    until(lambda: refusing(world) == [("unknown-key", "1-2", 1)], "the operator sees it")
    (told,) = _followers(world.db)
    assert "1 of retail-bank@production keep what they have" in told.text
    assert "keys list --trust" in told.text
    gauge = next(
        m for m in Followers(world.db).collect() if m.name == "promptops_followers_refusing"
    )
    assert [(s.labels["code"], s.value) for s in gauge.samples] == [("unknown-key", 1)]

    now = revoke(world, old)
    assert now.key_id == made.key_id
    until(lambda: drops(beside_redis, old), "a client drops the revoked key")
    publish(served, world, 3)
    until(lambda: has(over_http, 3) and has(beside_redis, 3) and has(with_file, 3), "it goes on")
    until(lambda: drops(over_http, old), "so does the one over HTTP, at the next event")
    assert has(left_out, 1)


def drops(ops: PromptOps, key_id: str) -> bool:
    ring = ops._follower._keys.ring
    return key_id in ring.revoked and key_id not in ring.keys


def test_what_a_revoked_key_signed_is_signed_anew_for_those_who_start(
    served: Served, world: World, valkey: str, follow: Callable[..., PromptOps]
) -> None:
    publish(served, world, 1)
    running = follow(url=served.url, token=TOKEN, redis_url=valkey)
    forged = world.header()
    now = revoke(world, signs(world.keys))
    until(lambda: world.header().key_id == now.key_id, "the head is signed by the new key")
    fresh = follow(redis_url=valkey, trust_key=now.public)
    until(lambda: fresh.health().release == 1, "a process that knows the new key alone starts")
    assert has(running, 1)
    until(lambda: running._follower._keys.ring.revoked, "the running one knows")
    names = Names.of("retail-bank", "production")
    raw(valkey).publish(names.nudge, json.dumps({"header": forged.to_value(), "artifacts": {}}))
    until(
        lambda: getattr(running.health().last_refusal, "code", "") == "revoked-key",
        "the forged header is refused",
    )


def refusing(world: World) -> list[tuple[str, str | None, int]]:
    """Code, release and position of every follower that refuses."""
    with world.db.read() as conn:
        rows = conn.execute(select(follower).where(follower.c.refused.is_not(None))).all()
    return [(row.refused, row.refused_release, row.release) for row in rows]


def test_time_is_taken_as_it_is(world: World) -> None:
    """A server that learned of the next key long ago needs no database to begin with it."""
    made = rotate(world, SOON)
    time.sleep(0.5)
    world.keys._db = None  # type: ignore[assignment]
    assert signs(world.keys) == made.key_id
