"""Publishing: what becomes live, what is refused and with which words."""

from __future__ import annotations

import dataclasses

import pytest
from release_world import APPROVED, AUTHOR, PUBLISHER, VIEWER, World, actor_with
from sqlalchemy import select

from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.registry.git.read import commit_info, ref
from promptops_server.releases.model import Once, Pick
from promptops_server.releases.tables import artifact


def test_publishes_the_newest_version_and_signs_what_is_live(world: World) -> None:
    world.put("claims/triage", "one")
    world.put("claims/triage", "two")
    outcome = world.publish("claims/triage")
    assert outcome.release.number == 1
    assert outcome.delivery == "applied"
    assert [(c.path, c.version, c.previous) for c in outcome.release.prompts] == [
        ("claims/triage", 2, None)
    ]
    assert world.live() == {"claims/triage": "2"}
    world.check()


def test_several_prompts_are_one_release_and_tell_their_previous_versions(world: World) -> None:
    world.put("a", "one")
    world.put("m/b", "one")
    world.publish("a", "m/b")
    world.put("a", "two")
    world.put("c", "one", template="jinja2")
    outcome = world.publish("a", "m/b", "c")
    assert [(c.path, c.version, c.previous) for c in outcome.release.prompts] == [
        ("a", 2, 1),
        ("c", 1, None),
    ]
    assert outcome.unchanged == (Pick("m/b", 1),)
    assert world.live() == {"a": "2", "c": "1", "m/b": "1"}
    world.check()


def test_requires_goes_when_the_last_artifact_that_needs_it_goes(sqlite_world: World) -> None:
    sqlite_world.put("a", "one", template="jinja2")
    sqlite_world.put("b", "one", template="jinja2")
    sqlite_world.publish("a", "b")
    sqlite_world.put("a", "plain now")
    sqlite_world.publish("a")
    sqlite_world.check()
    sqlite_world.unpublish("b")
    sqlite_world.check()


def test_what_is_live_already_is_nothing_to_publish(world: World) -> None:
    world.put("a", "one")
    world.publish("a")
    with pytest.raises(Conflict) as refused:
        world.publish("a@1")
    assert refused.value.type == "nothing-to-publish"
    assert world.environment().head == 1


def test_everything_wrong_with_the_picks_is_told_at_once(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    with pytest.raises(Invalid) as refused:
        sqlite_world.publish("a@7", "nobody/here", "A")
    assert "A does not exist; there is a" in refused.value.detail
    assert [e["address"] for e in refused.value.members["errors"]] == ["a@7", "nobody/here", "A"]
    assert "newest version is 1" in refused.value.members["errors"][0]["message"]
    with pytest.raises(Invalid, match="more than once: a"):
        sqlite_world.publish("a@1", "a")
    with pytest.raises(Invalid, match="No prompt"):
        sqlite_world.publish()
    assert sqlite_world.live() == {}


def test_the_head_somebody_saw_must_be_the_head_there_is(world: World) -> None:
    world.put("a", "one")
    world.publish("a", expected_head=0)
    world.put("a", "two")
    with pytest.raises(Conflict) as refused:
        world.publish("a", expected_head=0)
    assert refused.value.type == "head-moved"
    assert refused.value.members["current"] == {"release": 1, "etag": "r1"}
    world.publish("a", expected_head=1)
    assert world.live() == {"a": "2"}


def test_production_asks_for_the_publisher_role(world: World) -> None:
    world.put("a", "one")
    with pytest.raises(Denied) as refused:
        world.publish("a", to="production", actor=AUTHOR)
    assert "publisher" in refused.value.remedy
    assert world.live("production") == {}
    world.publish("a", to="production", actor=PUBLISHER)
    assert world.live("production") == {"a": "1"}
    assert world.live("staging") == {}


def test_readers_publish_nowhere_and_strangers_see_nothing(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    with pytest.raises(Denied):
        sqlite_world.publish("a", actor=VIEWER)
    with pytest.raises(NotFound):
        sqlite_world.publish("a", actor=actor_with("author", project="elsewhere"))
    with pytest.raises(NotFound) as refused:
        sqlite_world.publish("a", to="nowhere")
    assert "staging, production" in refused.value.remedy


def test_a_reason_is_a_sentence(sqlite_world: World) -> None:
    sqlite_world.put("a", "one")
    for reason in ("", "  x ", "y" * 2001, "with \x00 in it", "half \ud800"):
        with pytest.raises(Invalid):
            sqlite_world.publish("a", reason=reason)
    sqlite_world.publish("a", reason="  Größer, länger…\r\nund zwei Zeilen ", ticket="OPS-1")
    with sqlite_world.db.read() as conn:
        head = ref(conn, sqlite_world.project.id, "refs/heads/env/staging")
        assert head is not None
        message = commit_info(conn, sqlite_world.project.id, head).message
    assert message == (
        "Größer, länger…\nund zwei Zeilen\n\n"
        "Release: r1\nKind: publish\nActor: id-of-ada\nTicket: OPS-1\n"
    )
    sqlite_world.check()


def test_a_repeated_request_gets_the_first_answer(world: World) -> None:
    world.put("a", "one")
    once = Once("key-1", "fingerprint")
    first = world.publish("a", once=once)
    world.put("a", "two")
    world.publish("a")
    again = world.publish("a", once=once)
    assert again.release == first.release
    assert world.environment().head == 2
    with pytest.raises(Conflict):
        world.publish("a", once=Once("key-1", "another"))
    world.archive("a")
    assert world.publish("a", once=once).release == first.release
    with pytest.raises(Invalid, match="archived"):
        world.publish("a", once=Once("key-2", "fingerprint"))


def test_a_broken_projection_leaves_the_release_pending(world: World) -> None:
    world.put("a", "one")
    world.projection.broken = True
    outcome = world.publish("a")
    assert outcome.delivery == "pending"
    assert world.live() == {"a": "1"}
    assert world.projection.calls == [world.environment().id]
    world.check()


def test_a_fragment_is_resolved_in_what_is_released(sqlite_world: World) -> None:
    sqlite_world.put("house/style", "Be kind.")
    sqlite_world.put("a", '"{{> house/style@1 }} And brief."')
    sqlite_world.publish("a")
    with sqlite_world.db.read() as conn:
        text = conn.execute(select(artifact.c.text)).scalar_one()
    assert "Be kind. And brief." in text


def test_max_tier_is_asked_where_no_approval_is(world: World) -> None:
    world.put("a", "one")
    world.configure("staging", max_tier={"tier": "low"})
    world.papers.known["a", 1] = dataclasses.replace(APPROVED, residual_tier="medium")
    with pytest.raises(Denied, match="at most low"):
        world.publish("a")
    world.configure("staging", max_tier={"tier": "medium"})
    world.publish("a")
    assert world.live() == {"a": "1"}
