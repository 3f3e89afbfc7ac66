"""Rolling back: what returns, what may not, and in which words."""

from __future__ import annotations

import pytest
from release_world import AUTHOR, PUBLISHER, World
from sqlalchemy import select

from promptops_server.infra.problems import BadRequest, Conflict, Denied, Invalid, NotFound
from promptops_server.releases.intervals import Interval, stopped_versions
from promptops_server.releases.model import Content, Kept
from promptops_server.releases.tables import live


def three_versions(world: World) -> None:
    """`a` was live at 1, 2 and 3 (releases 1 to 3)."""
    for text in ("one", "two", "three"):
        world.put("a", text)
        world.publish("a")


def test_a_prompt_goes_back_to_the_version_live_before(world: World) -> None:
    three_versions(world)
    outcome = world.rollback("a")
    assert outcome.release.kind == "rollback"
    assert [(c.version, c.previous) for c in outcome.release.prompts] == [(2, 3)]
    assert world.live() == {"a": "2"}
    world.rollback("a", to_version=1)
    assert world.live() == {"a": "1"}
    world.check()


def test_what_returns_is_the_artifact_that_was_live(sqlite_world: World) -> None:
    three_versions(sqlite_world)
    sqlite_world.rollback("a", to_version=1)
    with sqlite_world.db.read() as conn:
        rows = conn.execute(select(live).where(live.c.version == 1).order_by(live.c.id)).all()
    assert len(rows) == 2
    assert rows[0].digest == rows[1].digest


def test_an_unpublished_prompt_returns_as_it_was(world: World) -> None:
    three_versions(world)
    world.unpublish("a")
    world.rollback("a")
    assert world.live() == {"a": "3"}
    world.check()


def test_an_archived_prompt_may_return_where_it_was_live(sqlite_world: World) -> None:
    three_versions(sqlite_world)
    sqlite_world.archive("a")
    with pytest.raises(Invalid, match="is archived"):
        sqlite_world.publish("a@1")
    sqlite_world.rollback("a", to_version=1)
    assert sqlite_world.live() == {"a": "1"}


def test_only_content_once_live_here_returns(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.put("a", "two")
    sqlite_world.publish("a@2")
    with pytest.raises(Invalid) as refused:
        sqlite_world.rollback("a", to_version=1)
    assert refused.value.type == "never-live"
    assert refused.value.members["possible"] == []
    with pytest.raises(Invalid) as refused:
        sqlite_world.rollback("a")
    assert refused.value.type == "nothing-before"
    with pytest.raises(Conflict, match="live in staging already"):
        sqlite_world.rollback("a", to_version=2)
    with pytest.raises(NotFound, match="never live"):
        sqlite_world.rollback("b")
    with pytest.raises(BadRequest):
        sqlite_world.rollback("a", to_release=1)
    with pytest.raises(BadRequest):
        sqlite_world.rollback()
    with pytest.raises(Invalid, match="path"):
        sqlite_world.rollback("no\x00path")


def test_suspended_content_does_not_return_by_rollback(world: World) -> None:
    three_versions(world)
    world.suspend("a")
    with pytest.raises(Invalid) as refused:
        world.rollback("a", to_version=3)
    assert refused.value.type == "suspended-content"
    assert refused.value.members["possible"] == [1, 2]
    world.rollback("a")
    assert world.live() == {"a": "2"}
    world.publish("a@1")
    # the version before is 2; 3 stays barred though it was live more recently than 1 was
    world.rollback("a")
    assert world.live() == {"a": "2"}
    with pytest.raises(Denied) as denied:
        world.publish("a@3", actor=AUTHOR)
    assert [u["rule"] for u in denied.value.members["unmet"]] == ["gate.suspended"]
    world.publish("a@3", actor=PUBLISHER)
    world.publish("a@2")
    world.rollback("a", to_version=3)
    assert world.live() == {"a": "3"}
    world.check()


def test_the_whole_environment_goes_back_to_a_release(world: World) -> None:
    for path in ("a", "b", "m/c"):
        world.put(path, "one")
    world.publish("a", "b")
    before = world.live()
    world.put("a", "two")
    world.publish("a", "m/c")
    world.unpublish("b")
    outcome = world.rollback(to_release=1)
    assert world.live() == before == {"a": "1", "b": "1"}
    assert [(c.path, c.state) for c in outcome.release.prompts] == [
        ("a", "live"),
        ("b", "live"),
        ("m/c", "removed"),
    ]
    world.check()
    with pytest.raises(Conflict) as refused:
        world.rollback(to_release=1)
    assert refused.value.type == "nothing-to-roll-back"
    for number in (0, 9):
        with pytest.raises(NotFound) as missing:
            world.rollback(to_release=number)
        assert "1 to 4" in missing.value.remedy


def test_going_back_lifts_no_suspension_and_says_so(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b")
    world.put("b", "two")
    world.publish("b")
    world.suspend("a", reason="leaks data")
    outcome = world.rollback(to_release=1)
    assert world.live() == {"a": "suspended 1", "b": "1"}
    assert outcome.kept == (Kept("a", 1, "suspended: leaks data"),)
    world.check()


def test_going_back_brings_a_tombstone_back_too(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a")
    sqlite_world.suspend("a", reason="leaks data")
    sqlite_world.put("a", "two")
    sqlite_world.publish("a")
    sqlite_world.rollback(to_release=2)
    assert sqlite_world.live() == {"a": "suspended 1"}
    sqlite_world.check()


def test_going_back_to_what_was_suspended_since_is_refused_by_name(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a")
    sqlite_world.suspend("a")
    sqlite_world.put("a", "two")
    sqlite_world.publish("a")
    with pytest.raises(Invalid) as refused:
        sqlite_world.rollback(to_release=1)
    assert "a@1" in refused.value.detail
    assert sqlite_world.live() == {"a": "2"}


def test_rolling_production_back_takes_the_publisher(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    sqlite_world.publish("a", to="production", actor=PUBLISHER)
    sqlite_world.put("a", "two")
    sqlite_world.publish("a", to="production", actor=PUBLISHER)
    with pytest.raises(Denied):
        sqlite_world.rollback("a", to="production", actor=AUTHOR)
    sqlite_world.rollback("a", to="production", actor=PUBLISHER)
    assert sqlite_world.live("production") == {"a": "1"}


def test_a_version_is_stopped_while_its_last_word_is_a_suspension() -> None:
    content = Content(1, "sha256:0", ".prompt.yml", "0")
    live_1 = Interval("a", "live", 1, content, "", 1, 2)
    stopped_1 = Interval("a", "suspended", 1, None, "why", 2, 3)
    live_2 = Interval("a", "live", 2, content, "", 3, 4)
    assert stopped_versions([live_1, stopped_1, live_2]) == {1}
    assert stopped_versions([live_1, stopped_1, live_1]) == set()
    assert stopped_versions([]) == set()
