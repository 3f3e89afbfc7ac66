"""The log: gap-free, chained, in the change's own transaction."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from promptops_server import audit
from promptops_server.audit.model import GENESIS, entry_hash
from promptops_server.audit.read import Filter, read_log
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.database import Database


def event(number: int, actor: Actor = SYSTEM) -> audit.AuditEvent:
    return audit.AuditEvent("test.happened", audit.AuditObject("thing", f"t{number}"), actor)


def write(db: Database, number: int) -> None:
    with db.write() as tx:
        audit.record(tx, event(number))


def test_entries_are_numbered_and_each_names_the_hash_before(any_database: Database) -> None:
    for number in range(5):
        write(any_database, number)
    with any_database.read() as conn:
        rows = conn.execute(select(audit_event).order_by(audit_event.c.seq)).all()
    assert [r.seq for r in rows] == [1, 2, 3, 4, 5]
    previous = GENESIS
    for row in rows:
        assert json.loads(row.body)["prev_hash"] == previous
        assert row.entry_hash == entry_hash(row.body)
        previous = row.entry_hash


def test_an_undone_change_leaves_no_event_and_no_gap(any_database: Database) -> None:
    write(any_database, 1)
    with pytest.raises(ZeroDivisionError), any_database.write() as tx:
        audit.record(tx, event(2))
        _ = 1 / 0
    write(any_database, 3)
    with any_database.read() as conn:
        page = read_log(conn, audit.INSTALLATION_LOG, Filter(), limit=10, after=None)
    assert [e["object"]["id"] for e in page.items] == ["t3", "t1"]
    assert [e["seq"] for e in page.items] == [2, 1]


def test_an_event_names_the_policies_in_force(database: Database) -> None:
    write(database, 1)
    database.policy_version = lambda: "p7"
    write(database, 2)
    with database.read() as conn:
        page = read_log(conn, audit.INSTALLATION_LOG, Filter(), limit=10, after=None)
    assert [e["policy_version"] for e in page.items] == ["p7", None]


def test_writers_at_once_leave_no_gap(any_database: Database) -> None:
    def work(start: int) -> None:
        for number in range(start, start + 10):
            write(any_database, number)

    threads = [threading.Thread(target=work, args=(n * 10,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with any_database.read() as conn:
        seqs = conn.execute(select(audit_event.c.seq).order_by(audit_event.c.seq)).scalars().all()
    assert list(seqs) == list(range(1, 41))


def test_pages_and_filters(database: Database) -> None:
    for number in range(7):
        write(database, number)
    with database.read() as conn:
        first = read_log(conn, audit.INSTALLATION_LOG, Filter(action="test.*"), limit=3, after=None)
        second = read_log(conn, audit.INSTALLATION_LOG, Filter(), limit=3, after=first.next)
        by_object = read_log(conn, audit.INSTALLATION_LOG, Filter(object="t2"), limit=3, after=None)
        none = read_log(conn, audit.INSTALLATION_LOG, Filter(action="other"), limit=3, after=None)
    assert [e["seq"] for e in first.items] == [7, 6, 5]
    assert [e["seq"] for e in second.items] == [4, 3, 2]
    assert [e["seq"] for e in by_object.items] == [3]
    assert none.items == []
    assert none.next is None
