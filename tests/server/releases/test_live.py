"""What is live, what was, and the list of releases."""

from __future__ import annotations

import pytest
from release_world import PUBLISHER, World, shown

from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.problems import BadRequest, Invalid, NotFound
from promptops_server.registry.model import LivePlace
from promptops_server.releases import environments
from promptops_server.releases.history import PROMPTS_IN_LIST, list_releases, one_release
from promptops_server.releases.live import LiveVersions, live_at, live_page


def test_what_was_live_is_asked_by_release_or_time(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    first = world.publish("a").release
    world.put("a", "two")
    second = world.publish("a", "b").release
    world.unpublish("a")
    with world.db.read() as conn:
        found = environments.get(conn, world.project.id, "staging")

        def was(at: str) -> dict[str, str]:
            return shown(live_at(conn, found, at))

        assert was("r0") == {}
        assert was("1") == was(to_text(first.acknowledged_at)) == {"a": "1"}
        assert was(to_text(second.acknowledged_at - 1)) == {"a": "1"}
        assert was("r2") == was(to_text(second.acknowledged_at)) == {"a": "2", "b": "1"}
        offset = to_text(second.acknowledged_at).replace("Z", " 00:00")  # an unescaped +
        assert was(offset) == was("r2")
        assert was("r3") == was(to_text(now_us())) == {"b": "1"}
        assert was(to_text(found.created_at)) == {}
        with pytest.raises(NotFound):
            was("r4")
        with pytest.raises(NotFound, match="did not exist"):
            was("2001-01-01")
        for later in (to_text(now_us() + 60_000_000), "2100-01-01"):
            with pytest.raises(Invalid, match="in the future"):
                was(later)
        for nonsense in ("yesterday", "", "-1", "r", "99999-01-01"):
            with pytest.raises(BadRequest):
                was(nonsense)


def test_pages_of_what_is_live_hold_everything_once(world: World) -> None:
    paths = [f"m{i % 3}/p{i}" for i in range(25)]
    for path in paths:
        world.put(path, "one")
    world.publish(*paths)
    seen: list[str] = []
    with world.db.read() as conn:
        found = environments.get(conn, world.project.id, "staging")
        after = None
        while True:
            page = live_page(conn, found, 1, limit=10, after=after)
            seen += [entry.path for entry in page.items]
            assert {entry.release for entry in page.items} == {1}
            after = page.next
            if after is None:
                break
        with pytest.raises(BadRequest):
            live_page(conn, found, 1, after="nonsense")
    assert sorted(seen) == sorted(paths)
    assert len(set(seen)) == len(seen)


def test_releases_are_listed_newest_first(world: World) -> None:
    for number in range(5):
        world.put("a", f"text {number}")
        world.publish("a", reason=f"step {number}")
    with world.db.read() as conn:
        found = environments.get(conn, world.project.id, "staging")
        first = list_releases(conn, found, limit=3)
        rest = list_releases(conn, found, limit=3, after=first.next)
        assert [r.number for r in first.items + rest.items] == [5, 4, 3, 2, 1]
        assert rest.next is None
        assert [(c.version, c.previous) for c in first.items[0].prompts] == [(5, 4)]
        assert first.items[0] == one_release(conn, found, 5)
        for number in (0, 6):
            with pytest.raises(NotFound):
                one_release(conn, found, number)


def test_a_large_release_is_shortened_in_the_list_only(sqlite_world: World) -> None:
    paths = [f"p{i:03}" for i in range(PROMPTS_IN_LIST + 5)]
    for path in paths:
        sqlite_world.put(path, "one")
    sqlite_world.publish(*paths)
    with sqlite_world.db.read() as conn:
        found = environments.get(conn, sqlite_world.project.id, "staging")
        listed = list_releases(conn, found).items[0]
        whole = one_release(conn, found, 1)
    assert listed.changed == whole.changed == len(paths)
    assert [c.path for c in listed.prompts] == paths[:PROMPTS_IN_LIST]
    assert [c.path for c in whole.prompts] == paths


def test_the_registry_is_told_where_prompts_are_live(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b", to="production", actor=PUBLISHER)
    world.put("a", "two")
    world.publish("a")
    world.suspend("b", to="production", actor=PUBLISHER)
    answers = LiveVersions()
    with world.db.read() as conn:
        assert answers.live(conn, world.project.id, "staging", "a") == 2
        assert answers.live(conn, world.project.id, "production", "a") == 1
        assert answers.live(conn, world.project.id, "production", "b") is None
        with pytest.raises(NotFound):
            answers.live(conn, world.project.id, "nowhere", "a")
        assert answers.where(conn, world.project.id, ["a", "b", "c"]) == {
            "a": (LivePlace("staging", 2), LivePlace("production", 1))
        }
