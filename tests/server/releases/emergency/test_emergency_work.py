"""Emergencies on approvers' desks: until they are ratified or their time has ended."""

from __future__ import annotations

import dataclasses
from typing import Any

from release_world import AUTHOR, PUBLISHER, World, actor_with

from promptops_server.approvals.model import Emergency
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.demands import demands_of
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.releases.emergency.ratify import EmergencyDeps, ratify
from promptops_server.releases.emergency.work import emergency_work

HOUR = 3600 * 1_000_000
EVE = actor_with("emergency", "approver", name="eve")
APP = actor_with("approver", name="app")
OTHER = actor_with("approver", name="other")
RIK = actor_with("risk", name="rik")
MEDIUM = Paperwork(
    "medium", "medium", demands=demands_of("medium"), authors=frozenset({"id-of-ada"})
)


def waiting(world: World, actor: Actor, hours: float = 0) -> list[str]:
    source = emergency_work(EmergencyDeps(world.deps))
    with world.db.read() as conn:
        found: Any = source(conn, actor, world.project, now_us() + int(hours * HOUR))
        return [f"{w.kind} {w.path}@{w.version}" for w in found]


def test_an_emergency_waits_for_approvers_who_stand_apart_until_it_is_ratified(
    world: World,
) -> None:
    world.put("a", "one")
    world.papers.known["a", 1] = MEDIUM
    number = world.publish(
        "a@1",
        to="production",
        actor=EVE,
        reason="claims are stuck",
        emergency=Emergency("INC-123"),
    ).release.number
    assert waiting(world, APP) == waiting(world, RIK) == ["ratify a@1"]
    for nobody in (
        EVE,
        AUTHOR,
        PUBLISHER,
        dataclasses.replace(APP, kind="service"),
        dataclasses.replace(APP, auth_method="operator"),
        dataclasses.replace(APP, person="id-of-ada"),
    ):
        assert waiting(world, nobody) == []
    assert waiting(world, APP, hours=73) == []
    ratify(EmergencyDeps(world.deps), APP, world.project, "production", number, "Looked at it")
    assert waiting(world, RIK) == []
