"""Order, approval and rules of environments: who may change them, what is noted, and that every path obeys them."""

from __future__ import annotations

from typing import Any

import pytest
from release_world import AUTHOR, PUBLISHER, World, actor_with
from sqlalchemy import select

from promptops_server.audit.read import entries_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Denied, Invalid
from promptops_server.releases import environments
from promptops_server.releases.configure import Wanted, configure

ADMIN = Actor(subject="id-of-root", name="root", admin=True)


def change(world: World, name: str = "production", actor: Actor = PUBLISHER, **wanted: Any) -> None:
    configure(world.deps, actor, world.project, name, Wanted(**wanted))


def noted(world: World, action: str = "environment.change") -> list[dict[str, Any]]:
    with world.db.read() as conn:
        seqs = conn.execute(
            select(audit_event.c.seq)
            .where(audit_event.c.log_id == world.project.id, audit_event.c.action == action)
            .order_by(audit_event.c.seq)
        ).scalars()
        return entries_of(conn, world.project.id, list(seqs))


def order(world: World) -> list[str]:
    with world.db.read() as conn:
        return [e.name for e in environments.list_environments(conn, world.project.id)]


def test_rules_are_set_by_name_cleared_by_name_and_noted_with_before_and_after(
    world: World,
) -> None:
    world.configure(only_from={"environment": "staging"}, max_prompts={"prompts": 5})
    world.configure(max_prompts=None)
    world.configure(max_prompts=None)  # changes nothing, so nothing is noted
    assert [rule.name for rule in world.environment("production").rules] == ["only_from"]
    first, second = noted(world)
    assert first["before"] == {"rules": {}}
    assert first["after"]["rules"]["max_prompts"] == {"prompts": 5}
    assert (
        second["before"]["rules"]
        != second["after"]["rules"]
        == {"only_from": {"environment": "staging"}}
    )
    assert second["actor"]["name"] == "pia"


def test_the_order_of_promotion_is_a_place_from_one(world: World) -> None:
    environments.create(world.deps, ADMIN, world.project, "canary")
    change(world, "canary", position=2)
    assert order(world) == ["staging", "canary", "production"]
    change(world, "staging", position=3)
    assert order(world) == ["canary", "production", "staging"]
    assert noted(world)[-1]["before"]["order"] == ["staging", "canary", "production"]
    with pytest.raises(Invalid, match="3 environments"):
        change(world, position=4)


def test_authors_change_nothing_and_only_an_administrator_drops_the_need_for_approval(
    world: World,
) -> None:
    for name in ("staging", "production"):
        with pytest.raises(Denied, match="may not change the order and rules"):
            change(world, name, AUTHOR, rules={}, position=1)
    with pytest.raises(Denied, match="take the need for approval"):
        change(world, approval_required=False)
    change(world, "staging", approval_required=True)
    change(world, "production", ADMIN, approval_required=False)
    assert world.environment("staging").approval_required
    assert not world.environment("production").approval_required


def test_rules_under_which_nothing_could_ever_be_published_are_refused(world: World) -> None:
    for settings, words in (
        ({"environment": "nowhere"}, "does not exist"),
        ({"environment": "production"}, "wait for itself"),
    ):
        with pytest.raises(Invalid, match=words):
            world.configure(only_from=settings)
    world.configure(only_from={"environment": "staging"})
    with pytest.raises(Invalid, match="production, which waits for staging"):
        world.configure("staging", min_minutes_in={"environment": "production", "minutes": 5})


def test_a_stranger_sees_no_project_and_a_missing_environment_is_named(world: World) -> None:
    stranger = actor_with("publisher", project="elsewhere")
    with pytest.raises(Exception, match="no project"):
        change(world, "production", stranger, position=1)
    with pytest.raises(Exception, match="no environment 'nowhere'"):
        change(world, "nowhere", position=1)


def test_only_from_and_soak_are_judged_by_what_is_live_there(world: World) -> None:
    world.put("a", "one")
    world.put("a", "two")
    world.configure(
        only_from={"environment": "staging"},
        min_minutes_in={"environment": "staging", "minutes": 60},
    )
    world.publish("a@1")
    with pytest.raises(Denied) as refused:
        world.publish("a@2", to="production", actor=PUBLISHER)
    assert [u["rule"] for u in refused.value.members["unmet"]] == [
        "rule.min_minutes_in",
        "rule.only_from",
    ]
    with pytest.raises(Denied, match="live there: a@1 for 0"):
        world.publish("a@1", to="production", actor=PUBLISHER)
    world.configure(min_minutes_in=None)
    world.publish("a@1", to="production", actor=PUBLISHER)
    assert world.live("production") == {"a": "1"}


def test_a_freeze_stops_publishing_and_nothing_else(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b", to="production", actor=PUBLISHER)
    world.put("a", "two")
    world.publish("a", to="production", actor=PUBLISHER)
    world.configure(freeze={"periods": [{"reason": "Year-end"}]})
    with pytest.raises(Denied, match="Year-end"):
        world.publish("a@1", to="production", actor=PUBLISHER)
    world.rollback("a", to="production", actor=PUBLISHER)
    world.suspend("a", to="production", actor=PUBLISHER)
    world.unpublish("b", to="production", actor=PUBLISHER)
    assert world.live("production") == {"a": "suspended 1"}
    world.check("production")
