"""Making and finding environments."""

from __future__ import annotations

import json

import pytest
from release_world import AUTHOR, World, actor_with
from sqlalchemy import select

from promptops.delivery.entries import EMPTY_ROOT
from promptops.delivery.header import parse_statement
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.releases import environments
from promptops_server.releases.tables import release

ADMIN = Actor(subject="id-of-root", name="root", admin=True)


def test_a_new_project_has_staging_and_a_production_that_asks_for_approval(world: World) -> None:
    with world.db.read() as conn:
        found = environments.list_environments(conn, world.project.id)
        assert [(e.name, e.approval_required, e.head) for e in found] == [
            ("staging", False, 0),
            ("production", True, 0),
        ]
        row = conn.execute(select(release).where(release.c.environment_id == found[0].id)).one()
        events = conn.execute(
            select(audit_event.c.action, audit_event.c.body).order_by(audit_event.c.seq)
        ).all()
    said = parse_statement(row.statement)
    assert (said.release, said.root, said.count, said.epoch) == (0, EMPTY_ROOT, 0, 1)
    assert (said.environment, said.environment_id) == ("staging", found[0].id)
    assert [e.action for e in events] == [
        "project.create",
        "environment.create",
        "environment.create",
    ]
    assert json.loads(events[2].body)["after"]["approval_required"] is True
    world.check("staging")
    world.check("production")


def test_more_can_be_added_and_are_released_to_like_the_others(world: World) -> None:
    made = environments.create(world.deps, ADMIN, world.project, "eu-west", approval_required=False)
    assert made.position == 3
    world.put("a", "one")
    world.publish("a", to="eu-west")
    assert world.live("eu-west") == {"a": "1"}
    world.check("eu-west")


@pytest.mark.parametrize(
    "name", ["main", "MAIN", "cafe", "123", "", "with space", "a/b", "x" * 101]
)
def test_names_that_read_as_something_else_are_refused(sqlite_world: World, name: str) -> None:
    with pytest.raises(Invalid):
        environments.create(sqlite_world.deps, ADMIN, sqlite_world.project, name)


def test_a_name_is_taken_in_every_spelling(sqlite_world: World) -> None:
    for name in ("production", "Production"):
        with pytest.raises(Conflict):
            environments.create(sqlite_world.deps, ADMIN, sqlite_world.project, name)
    with sqlite_world.db.read() as conn, pytest.raises(NotFound):
        environments.get(conn, sqlite_world.project.id, "Production")
    with sqlite_world.db.read() as conn, pytest.raises(NotFound):
        environments.get(conn, sqlite_world.project.id, "nul\x00")


def test_adding_one_takes_the_right(sqlite_world: World) -> None:
    for who in (AUTHOR, actor_with("publisher")):
        with pytest.raises(Denied):
            environments.create(sqlite_world.deps, who, sqlite_world.project, "qa-1")
