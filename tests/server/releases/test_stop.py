"""Suspending and unpublishing."""

from __future__ import annotations

import pytest
from release_world import VIEWER, World

from promptops_server.infra.problems import Conflict, Denied, Invalid
from promptops_server.releases import environments
from promptops_server.releases.live import live_now
from promptops_server.releases.model import Pick


def test_suspending_leaves_a_signed_tombstone_with_the_reason(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b")
    outcome = world.suspend("a", reason="invents diagnoses")
    assert [(c.path, c.state, c.version, c.previous) for c in outcome.release.prompts] == [
        ("a", "suspended", 1, 1)
    ]
    assert world.live() == {"a": "suspended 1", "b": "1"}
    with world.db.read() as conn:
        entry = live_now(conn, environments.get(conn, world.project.id, "staging"))[0]
    assert (entry.reason, entry.digest) == ("invents diagnoses", "")
    world.check()


def test_what_is_suspended_already_is_unchanged(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.put("b", "one")
    sqlite_world.publish("a", "b")
    sqlite_world.suspend("a")
    with pytest.raises(Conflict) as refused:
        sqlite_world.suspend("a")
    assert refused.value.type == "nothing-to-suspend"
    assert sqlite_world.suspend("a", "b").unchanged == (Pick("a", 1),)


def test_unpublishing_takes_prompts_out_suspended_ones_too(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b")
    world.suspend("a")
    world.unpublish("a", "b")
    assert world.live() == {}
    world.check()
    with pytest.raises(Invalid) as refused:
        world.rollback("a")
    assert refused.value.type == "nothing-before"  # its one version stays barred


def test_everything_that_is_not_live_is_named(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a")
    for stop in (sqlite_world.suspend, sqlite_world.unpublish):
        with pytest.raises(Invalid) as refused:
            stop("a", "b", "c")
        assert [e["path"] for e in refused.value.members["errors"]] == ["b", "c"]
        with pytest.raises(Invalid, match="path"):
            stop("\ud800", "../etc")
    assert sqlite_world.live() == {"a": "1"}


def test_stopping_takes_a_reason_and_a_role(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a")
    with pytest.raises(Invalid):
        sqlite_world.suspend("a", reason="")
    with pytest.raises(Denied):
        sqlite_world.suspend("a", actor=VIEWER)
    with pytest.raises(Denied):
        sqlite_world.unpublish("a", actor=VIEWER)
    assert sqlite_world.live() == {"a": "1"}
