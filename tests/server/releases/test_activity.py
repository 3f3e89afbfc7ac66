"""The activity feed: what a project's readers are told, page by page, at any length of the log."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_world import AUTHOR, PUBLISHER, VIEWER, World
from sqlalchemy import func, insert, select

from promptops_server.access.policy import authorise
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.audit.record import record_denial
from promptops_server.audit.tables import audit_event
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.finding import activity_log
from promptops_server.registry.finding.activity import SHOWN, Item
from promptops_server.registry.finding.activity_log import Activity, Asked, read_activity
from promptops_server.releases.live import LiveVersions


def read(world: World, limit: int = 50, cursor: str | None = None, **asked: str) -> Activity:
    with world.db.read() as conn:
        return read_activity(
            conn, world.project, Asked(**asked), limit=limit, cursor=cursor, now=now_us()
        )


def everything(world: World, limit: int = 500, **asked: str) -> list[Item]:
    found: list[Item] = []
    cursor = None
    while True:
        page = read(world, limit, cursor, **asked)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def told(world: World, **asked: str) -> list[str]:
    return [item.summary for item in everything(world, **asked)]


def busy(world: World) -> None:
    world.put("claims/triage", "one")
    world.put("claims/triage", "two")
    import_prompts(
        world.db,
        AUTHOR,
        authorise,
        world.project.name,
        [(f"letters/l{n:02}", f"messages: [{{role: user, content: '{n}'}}]\n") for n in range(30)],
        message="All letters",
    )
    world.publish("claims/triage@1", "letters/l00", reason="First")
    world.publish("claims/triage@2", reason="Better")
    world.rollback("claims/triage")
    world.suspend("letters/l00", reason="Complaint 4711")
    world.unpublish("claims/triage")
    world.archive("letters/l01")


def test_everything_that_happened_is_told_newest_first(sqlite_world: World) -> None:
    world = sqlite_world
    busy(world)
    assert told(world) == [
        "archived letters/l01",
        "unpublished claims/triage from staging (r5)",
        "suspended letters/l00 @1 in staging (r4)",
        "rolled back claims/triage @1 in staging (r3)",
        "published claims/triage @2 to staging (r2)",
        "published 2 prompts to staging (r1)",
        "imported prompts: 30 created",
        "edited claims/triage @2",
        "created claims/triage @1",
        "created the environment production",
        "created the environment staging",
        "created the project",
    ]
    items = {item.kind: item for item in everything(world)}
    assert (items["import"].prompts_total, len(items["import"].prompts)) == (30, SHOWN)
    assert items["import"].reason == "All letters"
    assert items["suspend"].reason == "Complaint 4711"
    assert (items["rollback"].release, items["rollback"].environment) == (3, "staging")
    assert [(t.path, t.version) for t in items["unpublish"].prompts] == [("claims/triage", None)]
    assert [(t.path, t.version) for t in items["archive"].prompts] == [("letters/l01", None)]


def test_a_prompt_has_an_activity_of_its_own(world: World) -> None:
    busy(world)
    assert told(world, path="letters/l00") == [
        "suspended letters/l00 @1 in staging (r4)",
        "published 2 prompts to staging (r1)",
        "imported prompts: 30 created",
    ]
    assert told(world, path="letters/l01", kind="archive") == ["archived letters/l01"]
    assert told(world, path="claims/triage", kind="edit")[-1] == "created claims/triage @1"
    assert told(world, path="claims") == []


def test_filters_by_person_kind_and_time(world: World) -> None:
    world.put("a", "one")
    before = to_text(now_us())
    world.publish("a", to="production", actor=PUBLISHER)
    assert told(world, actor=PUBLISHER.subject) == ["published a @1 to production (r1)"]
    assert told(world, actor=VIEWER.subject) == []
    assert told(world, kind="edit") == ["created a @1"]
    assert told(world, kind="publish", actor=AUTHOR.subject) == []
    assert told(world, since=before) == ["published a @1 to production (r1)"]
    assert len(told(world, since="1h")) == len(told(world))
    assert told(world, since="2099-01-01T00:00:00Z") == []


def test_following_gets_only_what_is_new(world: World) -> None:
    world.put("a", "one")
    latest = read(world).latest
    assert read(world, since=latest).items == []
    world.put("a", "two")
    page = read(world, since=latest)
    assert [item.summary for item in page.items] == ["edited a @2"]
    assert read(world, since=page.latest).items == []


def test_refusals_grants_and_addresses_are_not_told(world: World) -> None:
    def event(action: str, **more: object) -> AuditEvent:
        about = AuditObject("thing", "x")
        return AuditEvent(action, about, AUTHOR, project=world.project.name, **more)  # type: ignore[arg-type]

    before = told(world)
    record_denial(world.db, event("release.publish", outcome="denied"), project_id=world.project.id)
    with world.db.write() as tx:
        record(tx, event("grant.add"), project_id=world.project.id)
    assert told(world) == before
    with world.db.write() as tx:
        after = {"secret": "s3cret", "release": "no number"}
        record(
            tx, event("dataset.freeze_all", after=after, reason="Why"), project_id=world.project.id
        )
    page = read(world, 1)
    (item,) = page.items
    assert (item.kind, item.summary, item.reason) == (
        "dataset.freeze_all",
        "freeze all dataset x",
        "Why",
    )
    assert "s3cret" not in repr(item)
    assert told(world, kind="dataset.freeze_all") == ["freeze all dataset x"]


@pytest.mark.parametrize("since", ["soon", "WyJzaW5jZSIsIngiXQ", "7x"])
def test_what_is_no_moment_is_refused(sqlite_world: World, since: str) -> None:
    with pytest.raises(BadRequest):
        read(sqlite_world, since=since)


def test_a_cursor_of_another_list_is_refused(sqlite_world: World) -> None:
    with pytest.raises(BadRequest):
        read(sqlite_world, cursor="WyJhIl0")


@given(
    outcomes=st.lists(st.sampled_from(["ok", "denied", "hidden"]), max_size=25),
    limit=st.integers(1, 7),
    budget=st.integers(1, 6),
    kind=st.sampled_from(["", "view", "edit"]),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_join_to_everything_told_once_however_much_is_not(
    sqlite_world: World, outcomes: list[str], limit: int, budget: int, kind: str
) -> None:
    with sqlite_world.db.write() as tx:
        for number, outcome in enumerate(outcomes):
            hidden = outcome == "hidden"
            action = (
                "grant.add" if hidden else ("prompt.put", "view.update", "view.delete")[number % 3]
            )
            record(
                tx,
                AuditEvent(
                    action, AuditObject("view", f"v{number}"), AUTHOR, "ok" if hidden else outcome
                ),  # type: ignore[arg-type]
                project_id=sqlite_world.project.id,
            )
    whole = everything(sqlite_world, kind=kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activity_log, "BUDGET", budget)
        paged = everything(sqlite_world, limit, kind=kind)
    assert paged == whole
    assert [item.seq for item in whole] == sorted({item.seq for item in whole}, reverse=True)


def test_a_page_stops_reading_where_nothing_is_told(sqlite_world: World) -> None:
    world = sqlite_world
    world.put("a", "one")
    with world.db.write() as tx:
        newest = tx.conn.execute(select(func.max(audit_event.c.seq))).scalar_one()
        body = json.dumps({})
        row = {
            "log_id": world.project.id,
            "occurred_at": 1,
            "action": "x.y",
            "outcome": "denied",
            "actor": "n",
            "object_type": "t",
            "object_id": "o",
            "body": body,
            "entry_hash": "",
        }
        tx.conn.execute(
            insert(audit_event),
            [{**row, "seq": newest + n, "event_id": str(n)} for n in range(1, 5_000)],
        )
    page = read(world)
    assert (list(page.items), page.next is None) == ([], False)
    assert [item.summary for item in read(world, kind="edit").items] == ["created a @1"]
    assert [item.summary for item in read(world, path="a").items] == ["created a @1"]
    assert told(world)[0] == "created a @1"


def test_changes_of_environments_and_scheduled_releases_are_told_in_words(world: World) -> None:
    world.put("claims/triage", "one")
    world.configure("staging", ticket_required={})
    assert told(world, kind="environment")[0] == "changed the rules of the environment staging"
    with world.db.write() as tx:
        event = AuditEvent(
            "schedule.create",
            AuditObject("schedule", "an-id"),
            PUBLISHER,
            project=world.project.name,
            environment="staging",
            after={"at": "2030-01-31T09:00:00.000000Z"},
        )
        record(tx, event, project_id=world.project.id)
    assert told(world, kind="schedule") == [
        "scheduled a release to staging at 2030-01-31T09:00:00.000000Z"
    ]


def test_a_large_move_counts_every_address_it_touched(world: World) -> None:
    texts = [(f"old/p{n:03}", f"messages: [{{role: user, content: '{n}'}}]\n") for n in range(120)]
    import_prompts(world.db, AUTHOR, authorise, world.project.name, texts)
    move_prompts(world.db, AUTHOR, authorise, LiveVersions(), world.project.name, "old/", "new/")
    (moved,) = everything(world, kind="move")
    assert (len(moved.prompts), moved.prompts_total) == (SHOWN, 240)
    assert moved.summary.endswith("(120 prompts)")
