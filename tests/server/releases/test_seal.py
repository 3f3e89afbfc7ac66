"""The incremental parts of sealing, against the whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_world import AUTHOR, World
from sqlalchemy import event, select, update

from promptops.delivery.entries import EntryTree, bucket_of, leaf
from promptops.delivery.header import Entry, parse_statement
from promptops_server.audit.tables import audit_event
from promptops_server.infra.clock import from_text
from promptops_server.infra.problems import Conflict
from promptops_server.infra.tables import installation, outbox
from promptops_server.releases.artifacts import count_features
from promptops_server.releases.model import Change
from promptops_server.releases.seal import (
    EMPTY_BUCKETS,
    rehash,
    root,
    seal,
)
from promptops_server.releases.tables import release

paths = st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?", fullmatch=True)


@given(
    st.dictionaries(paths, st.integers(1, 9), max_size=40),
    st.dictionaries(paths, st.integers(0, 9), max_size=10),
)
def test_rehashing_the_touched_buckets_gives_the_root_of_the_whole(
    held: dict[str, int], changes: dict[str, int]
) -> None:
    def entry(path: str, version: int) -> Entry:
        return Entry(path, "live", version, 1, "sha256:" + "0" * 64, "")

    before = EntryTree.of(entry(p, v) for p, v in held.items())
    assert rehash(EMPTY_BUCKETS, {}) == EMPTY_BUCKETS
    buckets = b"".join(before.bucket_hashes)
    after = {p: v for p, v in {**held, **changes}.items() if v}
    touched = {bucket_of(path) for path in changes}
    leaves = {
        number: [leaf(entry(p, v)) for p, v in after.items() if bucket_of(p) == number]
        for number in touched
    }
    assert root(rehash(buckets, leaves)) == EntryTree.of(entry(p, v) for p, v in after.items()).root


def test_features_are_counted_not_remembered() -> None:
    assert count_features(
        {"jinja2": 1}, gone=[["jinja2"]], come=[["images", "jinja2"], ["images"]]
    ) == {
        "images": 2,
        "jinja2": 1,
    }
    assert count_features({"jinja2": 1}, gone=[["jinja2"]], come=[]) == {}


def test_a_release_reads_only_the_buckets_it_touches(database_world: World) -> None:
    world = database_world
    for number in range(60):
        world.put(f"m/p{number}", "one")
    world.publish(*[f"m/p{number}" for number in range(60)])
    world.put("m/p7", "two")
    fetched: list[int] = []

    @event.listens_for(world.db.engine, "before_cursor_execute")
    def note(conn: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "live.leaf" in statement and statement.startswith("SELECT"):
            # One bucket, or a list of them; the environment is a parameter too.
            assert "live.bucket = " in statement or "live.bucket IN" in statement
            fetched.append(len(parameters) - 1)  # type: ignore[arg-type]

    world.publish("m/p7")
    assert fetched == [1]
    world.check()


@pytest.fixture
def database_world(sqlite_world: World) -> World:
    return sqlite_world


def test_the_audit_event_tells_before_and_after_and_the_outbox_the_release(world: World) -> None:
    world.put("a", "one")
    world.publish("a")
    world.put("a", "two")
    world.put("b", "one")
    world.publish("a", "b", reason="better words", ticket="OPS-7")
    with world.db.read() as conn:
        body = json.loads(
            conn.execute(
                select(audit_event.c.body)
                .where(audit_event.c.action == "release.publish")
                .order_by(audit_event.c.seq.desc())
            )
            .scalars()
            .first()
            or ""
        )
        waiting = conn.execute(
            select(outbox.c.key, outbox.c.payload)
            .where(outbox.c.topic == "release")
            .order_by(outbox.c.id)
        ).all()
    assert body["before"] == {
        "release": 1,
        "prompts": {"a": {"state": "live", "version": 1}, "b": None},
    }
    assert body["after"]["release"] == 2
    assert body["after"]["prompts"]["a"] == {"state": "live", "version": 2}
    assert (body["reason"], body["ticket"], body["rule"]) == (
        "better words",
        "OPS-7",
        "role.author",
    )
    assert (body["object"]["id"], body["object"]["version"]) == ("retail-bank@staging", "r2")
    assert [(w.key, json.loads(w.payload)) for w in waiting] == [
        (world.environment().id, {"epoch": 1, "release": n}) for n in (1, 2)
    ]


def test_a_clock_that_goes_back_does_not_take_releases_with_it(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    first = sqlite_world.publish("a").release
    future = first.acknowledged_at + 10**12
    with sqlite_world.db.write() as tx:
        tx.conn.execute(update(release).where(release.c.number == 1).values(acknowledged_at=future))
    sqlite_world.put("a", "two")
    second = sqlite_world.publish("a").release
    assert second.acknowledged_at == future + 1
    with sqlite_world.db.read() as conn:
        text = conn.execute(select(release.c.statement).where(release.c.number == 2)).scalar_one()
    assert from_text(parse_statement(text).acknowledged_at) == second.acknowledged_at


def test_a_new_epoch_of_the_installation_is_taken_up(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a")
    with sqlite_world.db.write() as tx:
        tx.conn.execute(update(installation).values(epoch=4))
    sqlite_world.put("a", "two")
    assert sqlite_world.publish("a").release.epoch == 4
    assert sqlite_world.environment().epoch == 4


def test_sealing_on_an_old_head_is_refused(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    old = sqlite_world.environment()
    sqlite_world.publish("a")
    with pytest.raises(Conflict, match="release 1 now"), sqlite_world.db.write() as tx:
        seal(
            tx,
            sqlite_world.signer,
            project=sqlite_world.project.name,
            environment=old,
            kind="unpublish",
            changes=[Change.removed("a", 1, "for a test")],
            artifacts={},
            actor=AUTHOR,
            reason="for a test",
            ticket=None,
            commit="0" * 40,
        )
    assert sqlite_world.live() == {"a": "1"}
