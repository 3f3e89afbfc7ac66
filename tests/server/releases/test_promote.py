"""Promotion: exactly what is live there becomes live here, in one release, through the same gate."""

from __future__ import annotations

import json
import time

import pytest
from release_world import AUTHOR, PROJECT, PUBLISHER, World, prompt_file
from sqlalchemy import select

from promptops_server.access.policy import authorise
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import BadRequest, Conflict, Denied, Invalid, NotFound
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.git.read import commit_info
from promptops_server.releases import environments
from promptops_server.releases.model import Kept, Once, Outcome, Pick
from promptops_server.releases.preview import MAX_DIFFS
from promptops_server.releases.promote import Selection, preview_promote, promote


def go(
    world: World,
    selection: Selection | None = None,
    to: str = "production",
    actor: Actor = PUBLISHER,
    **more: object,
) -> Outcome:
    return promote(
        world.deps,
        actor,
        world.project,
        to,
        selection or Selection(),
        "All of staging",
        **more,  # type: ignore[arg-type]
    )


def test_everything_in_staging_becomes_live_byte_for_byte_in_one_release(world: World) -> None:
    world.put("a", "one")
    world.put("m/b", "one", template="jinja2")
    world.publish("a", "m/b")
    world.put("a", "two")  # newer, and not in staging
    made = go(world)
    assert world.live("production") == world.live() == {"a": "1", "m/b": "1"}
    assert made.release.changed == 2
    assert made.promoted is not None
    assert (made.promoted.environment, made.promoted.release) == ("staging", 1)
    world.check("production")
    with world.db.read() as conn:
        message = commit_info(conn, world.project.id, made.release.commit).message
        body = (
            conn.execute(
                select(audit_event.c.body)
                .where(audit_event.c.action == "release.publish")
                .order_by(audit_event.c.seq.desc())
            )
            .scalars()
            .first()
        )
    assert "\nPromoted-From: staging r1\n" in message
    assert body is not None
    assert json.loads(body)["after"]["promoted_from"] == {"environment": "staging", "release": 1}


def test_what_is_the_same_is_unchanged_and_nothing_left_is_said(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b")
    go(world, Selection(paths=("a",)))
    made = go(world)
    assert made.unchanged == (Pick("a", 1),)
    with pytest.raises(Conflict, match="2 the same") as refused:
        go(world)
    assert refused.value.type == "nothing-to-promote"


def test_what_is_suspended_there_archived_or_suspended_here_is_left_out_and_named(
    world: World,
) -> None:
    for path in ("good", "stopped", "archived", "barred"):
        world.put(path, "one")
    world.publish("good", "stopped", "archived", "barred")
    world.publish("barred", to="production", actor=PUBLISHER)
    world.suspend("barred", to="production", actor=PUBLISHER)
    world.suspend("stopped")
    world.archive("archived")
    made = go(world)
    assert world.live("production") == {"barred": "suspended 1", "good": "1"}
    assert made.promoted is not None
    assert made.promoted.left_out == (
        Kept("archived", 1, "archived on main"),
        Kept("barred", 1, "was suspended in production; name it to publish it again"),
        Kept("stopped", 1, "suspended there: does harm"),
    )
    go(world, Selection(paths=("barred",)))
    assert world.live("production")["barred"] == "1"


def test_a_module_alone_and_its_name_is_no_prefix(world: World) -> None:
    for path in ("claims/a", "claims/deep/b", "claims-old/c", "Claims2/d"):
        world.put(path, "one")
    world.publish("claims/a", "claims/deep/b", "claims-old/c", "Claims2/d")
    go(world, Selection(module="claims"))
    assert set(world.live("production")) == {"claims/a", "claims/deep/b"}


def test_prune_takes_out_what_is_not_there_and_without_it_it_is_named(world: World) -> None:
    for path in ("a", "old", "stopped"):
        world.put(path, "one")
    world.publish("a")
    world.publish("old", "stopped", to="production", actor=PUBLISHER)
    world.suspend("stopped", to="production", actor=PUBLISHER)
    made = go(world)
    assert made.promoted is not None
    assert made.promoted.only_here == (Pick("old", 1),)
    made = go(world, Selection(prune=True))
    assert [(c.path, c.state) for c in made.release.prompts] == [("old", "removed")]
    assert world.live("production") == {"a": "1", "stopped": "suspended 1"}
    world.check("production")


def test_the_same_access_gate_and_rules_as_any_publish(world: World) -> None:
    world.put("a", "one")
    world.publish("a")
    with pytest.raises(Denied, match="may not publish"):
        go(world, actor=AUTHOR)
    world.configure(ticket_required={})
    with pytest.raises(Denied, match="asks for a ticket"):
        go(world)
    unmet = preview_promote(world.deps, PUBLISHER, world.project, "production", Selection()).unmet
    assert [u.rule for u in unmet] == ["rule.ticket_required"]
    go(world, ticket="OPS-1")


def test_heads_that_were_looked_at_must_be_the_heads_there_are(world: World) -> None:
    world.put("a", "one")
    world.publish("a")
    with pytest.raises(Conflict) as refused:
        go(world, Selection(source_release=0))
    assert (refused.value.type, refused.value.members["current"]["release"]) == ("source-moved", 1)
    with pytest.raises(Conflict, match="production is at release 0"):
        go(world, expected_head=3)
    go(world, Selection(source_release=1), expected_head=0)


def test_a_repeated_request_gets_the_same_answer(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    world.publish("a", "b")
    world.suspend("b")
    first = go(world, once=Once("key", "f"))
    again = go(world, once=Once("key", "f"))
    assert again == first
    assert again.promoted is not None
    assert again.promoted.left_out


def test_what_cannot_be_promoted_is_said(sqlite_world: World) -> None:
    world = sqlite_world
    world.put("a", "one")
    world.publish("a")
    with pytest.raises(Invalid, match="first environment"):
        go(world, to="staging")
    with pytest.raises(Invalid, match="into itself"):
        go(world, Selection(source="production"))
    with pytest.raises(NotFound, match="nowhere"):
        go(world, Selection(source="nowhere"))
    with pytest.raises(Invalid, match="Not live in staging: b, c"):
        go(world, Selection(source="staging", paths=("b", "a", "c")))
    with pytest.raises(BadRequest, match="goes neither"):
        Selection(paths=("a",), prune=True)
    with pytest.raises(Invalid, match="Not a module"):
        Selection(module="a//b")


def test_five_thousand_prompts_take_seconds(world: World) -> None:
    files = [(f"m{n % 50}/p{n}", prompt_file(f"text {n}")) for n in range(5000)]
    import_prompts(world.db, AUTHOR, authorise, PROJECT, files)
    world.publish(*[path for path, _ in files])
    started = time.perf_counter()
    preview = preview_promote(world.deps, PUBLISHER, world.project, "production", Selection())
    assert len(preview.differences) == 5000
    assert preview.differences[MAX_DIFFS - 1].diff
    assert not preview.differences[MAX_DIFFS].diff
    made = go(world)
    taken = time.perf_counter() - started
    assert made.release.changed == 5000
    with world.db.read() as conn:
        assert environments.get(conn, world.project.id, "production").count == 5000
    assert taken < 30, taken  # 3 s on an idle machine
