"""Names and addresses lie beside the log: shown while they are there, erasable, and never changed unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from test_audit_evidence import KEY, LOG, World, kinds

from promptops.audit.personal import ERASED
from promptops.audit.verify import verify
from promptops_server import audit
from promptops_server.access import users
from promptops_server.access.erase import erase_person
from promptops_server.audit import erasures, holds
from promptops_server.audit.checkpoints import make_checkpoint
from promptops_server.audit.maintenance import opened
from promptops_server.audit.read import Filter, read_log
from promptops_server.audit.tables import audit_event, audit_personal
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Denied, Invalid

ANNA = Actor("id-anna", "anna", ip="192.0.2.7", request_id="r1")


def shown(db: Database) -> list[dict[str, object]]:
    with db.read() as conn:
        return read_log(conn, audit.INSTALLATION_LOG, Filter(), limit=50, after=None).items


def test_the_hashed_event_names_nobody_and_reading_shows_everybody(any_database: Database) -> None:
    signature = {
        "meaning": "approved",
        "name": "Anna Keller",
        "signed_at": "T",
        "payload_hash": "ab",
    }
    with any_database.write() as tx:
        made = users.create_user(tx, ANNA, "ben", display_name="Ben Braun", email="ben@example.com")
        audit.record(
            tx,
            audit.AuditEvent(
                "review.approve", audit.AuditObject("prompt", "bank/x", "3"), ANNA, tier="high",
                policy_version="p7", signature=signature, on_behalf_of="id-carl",
                after={"user": "dora", "state": "approved"},
            ),
        )  # fmt: skip
        refused = "anna does not hold the role."
        audit.record(
            tx,
            audit.AuditEvent("x.y", audit.AuditObject("path", "/"), ANNA, outcome="denied", reason=refused),
        )  # fmt: skip
    with any_database.read() as conn:
        rows = conn.execute(select(audit_event).order_by(audit_event.c.seq)).all()
    for row in rows:
        told = row.body + row.object_id
        for name in ("anna", "Anna", "192.0.2.7", "ben", "Ben", "example.com", "dora"):
            assert name not in told.replace(ANNA.subject, "")
    assert json.loads(rows[0].body)["schema"] == "promptops.audit/2"
    denied, signed, created = shown(any_database)
    assert created["object"] == {"type": "user", "id": "ben", "version": None, "hash": None}
    assert created["after"]["display_name"] == "Ben Braun"  # type: ignore[index]
    assert created["actor"]["ip"] == "192.0.2.7"  # type: ignore[index]
    assert signed["signature"] == signature
    assert (signed["tier"], signed["policy_version"]) == ("high", "p7")
    assert signed["actor"]["on_behalf_of"] == "id-carl"  # type: ignore[index]
    assert signed["after"] == {"user": "dora", "state": "approved"}
    assert denied["reason"] == refused
    with any_database.read() as conn:
        asked = Filter(object="ben", person=made.id)
        page = read_log(conn, audit.INSTALLATION_LOG, asked, limit=9, after=None)
    assert [e["seq"] for e in page.items] == [1]


def test_a_person_is_erased_and_the_log_verifies(any_database: Database, tmp_path: Path) -> None:
    world = World(any_database, tmp_path / "checkpoints.jsonl")
    with any_database.write() as tx:
        ben = users.create_user(tx, ANNA, "ben", display_name="Ben Braun", email="ben@example.com")
        act = Actor(ben.id, "ben", ip="192.0.2.9")
        audit.record(tx, audit.AuditEvent("a.b", audit.AuditObject("thing", "t"), act))
    make_checkpoint(world.deps, LOG)
    with any_database.write() as tx:
        with pytest.raises(Invalid):
            erase_person(tx, ANNA, "ben", " ")
        with pytest.raises(Conflict):
            erase_person(tx, act, "ben", "mine")
        held = holds.place_hold(tx, ANNA, project_id=None, project=None, reason="a case")
        with pytest.raises(Denied) as refused:
            erase_person(tx, ANNA, "ben", "asked for")
        assert refused.value.members["rule"] == "legal_hold"
        holds.lift_hold(tx, ANNA, held, project=None, reason="closed")
        name = erase_person(tx, ANNA, "ben", "asked for")
    assert erasures.carry_out(any_database) >= 2
    assert erasures.carry_out(any_database) == 0
    entries = shown(any_database)
    text_ = json.dumps(entries)
    for gone in ("Ben Braun", "ben@example.com", "192.0.2.9", '"ben"'):
        assert gone not in text_
    assert "192.0.2.7" in text_, "the administrator's own stays"
    assert entries[-1]["after"]["display_name"] == ERASED  # type: ignore[index]
    assert entries[-2]["actor"]["name"] == ERASED  # type: ignore[index]
    with any_database.read() as conn:
        assert users.get_user(conn, name).email is None
    make_checkpoint(world.deps, LOG)
    found = world.check()
    assert (found.ok, found.erased, found.unanchored) == (True, 3, None), found.faults
    assert b"Braun" not in b"".join(world.export())
    with any_database.write() as tx, pytest.raises(Conflict):
        erase_person(tx, ANNA, name, "again")


def test_a_value_beside_the_log_that_was_changed_is_found(
    database: Database, tmp_path: Path
) -> None:
    world = World(database, tmp_path / "checkpoints.jsonl")
    with database.write() as tx:
        for number in range(3):
            audit.record(tx, audit.AuditEvent("a.b", audit.AuditObject("t", str(number)), ANNA))
    make_checkpoint(world.deps, LOG)
    assert world.check().ok
    with database.write() as tx:
        changed = (
            audit_personal.c.data,
            tx.conn.execute(select(audit_personal.c.data).where(audit_personal.c.seq == 2))
            .scalar_one()
            .replace("anna", "eve"),
        )
        tx.conn.execute(
            update(audit_personal).where(audit_personal.c.seq == 2).values({changed[0]: changed[1]})
        )
    found = world.check()
    assert (kinds(found), found.first_broken) == ({"personal"}, 2)
    assert found.anchored == (1, 3), "the events themselves are what was signed"
    lines = [line for line in world.export() if b'"personal":[2,' not in line]
    assert verify(lines, trusted=(KEY.public_key().public_bytes_raw(),)).erased == 1
    moved = [line.replace(b'"personal":[3,', b'"personal":[9,') for line in world.export()]
    assert "personal" in kinds(world.check(moved))
    added = [
        line.replace(b'"actor.name":"anna"', b'"actor.name":"anna","after.x":"made up"')
        for line in world.export()
    ]
    assert "personal" in kinds(world.check(added))


def test_the_same_name_has_another_hash_in_each_event(database: Database) -> None:
    with database.write() as tx:
        for _ in range(2):
            audit.record(tx, audit.AuditEvent("a.b", audit.AuditObject("t", "1"), ANNA))
    with database.read() as conn:
        bodies = conn.execute(select(audit_event.c.body)).scalars()
        assert len({json.loads(body)["personal"]["actor.name"] for body in bodies}) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET outcome = 'ok'",
        "DELETE FROM audit_event WHERE seq = 1",
        "UPDATE audit_personal SET data = '{}'",
        "DELETE FROM audit_personal",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET size = 1",
        "DELETE FROM audit_subtree",
        "TRUNCATE audit_event",
    ],
)
def test_the_database_refuses_to_change_the_log(any_database: Database, statement: str) -> None:
    if statement.startswith("TRUNCATE") and any_database.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    with any_database.write() as tx:
        audit.record(tx, audit.AuditEvent("a.b", audit.AuditObject("t", "1"), ANNA))
        tx.conn.execute(
            text("INSERT INTO audit_checkpoint VALUES ('installation', 1, 'r', 1, 'k', 's', 't')")
        )
        tx.conn.execute(
            text("INSERT INTO audit_subtree VALUES ('installation', 8, 0, :h)"), {"h": b"h"}
        )
    with pytest.raises(DBAPIError, match="append-only"), any_database.write() as tx:
        tx.conn.execute(text(statement))
    if statement.startswith("UPDATE"):
        with pytest.raises(DBAPIError, match="append-only"), opened(any_database) as tx:
            tx.conn.execute(text(statement))
    with any_database.write() as tx:
        audit.record(tx, audit.AuditEvent("a.b", audit.AuditObject("t", "2"), SYSTEM))
