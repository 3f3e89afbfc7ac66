"""Many rows in one statement arrive as they are, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    select,
)
from sqlalchemy.exc import IntegrityError

from promptops_server.infra import bulk_insert
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.database import Database

THING = Table(
    "thing",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("z", LargeBinary, nullable=False),
    Column("note", Text, nullable=True),
)
COLUMNS = ("name", "size", "kind", "good", "z", "note")
ROWS = [
    (f"n{i:04}\n'\"{{\\,é", 2**40 + i, i % 4, i % 2 == 0, bytes([i % 256, 0, 255]), None if i % 3 else "%s")
    for i in range(5_000)
]  # fmt: skip


def test_rows_arrive_in_batches_and_the_first_under_a_key_stays(any_database: Database) -> None:
    insert = BulkInsert(THING, COLUMNS, unless=("name",))
    with any_database.write() as tx:
        THING.create(tx.conn)
        insert(tx.conn, [])
        insert(tx.conn, iter(ROWS))
        insert(
            tx.conn, [(ROWS[0][0], 1, 1, False, b"other", "other"), ("new", 1, 1, True, b"", "")]
        )
    with any_database.read() as conn:
        found = conn.execute(select(THING).order_by(THING.c.name)).all()
    assert [tuple(row) for row in found] == sorted([*ROWS, ("new", 1, 1, True, b"", "")])


def test_a_key_that_may_not_repeat_is_an_error(any_database: Database) -> None:
    with pytest.raises(IntegrityError), any_database.write() as tx:
        THING.create(tx.conn)
        BulkInsert(THING, COLUMNS)(tx.conn, [ROWS[0], ROWS[0]])


def test_large_rows_are_sent_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_insert, "_BYTES", 100)
    rows = iter([(b"x" * 60,)] * 5)
    assert [len(bulk_insert._batch(rows)) for _ in range(4)] == [2, 2, 1, 0]
