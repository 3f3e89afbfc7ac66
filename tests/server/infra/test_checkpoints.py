"""SQLite's write-ahead log reaches the file in the background and stays short."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from promptops_server.infra import checkpoints
from promptops_server.infra.database import Database

PAGE = 4096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p.sqlite"


@pytest.fixture
def db(file: Path) -> Database:
    db = Database(f"sqlite:///{file}")
    with db.write() as tx:
        tx.conn.exec_driver_sql("CREATE TABLE t (x BLOB)")
    return db


def add(db: Database, data: bytes) -> None:
    with db.write() as tx:
        tx.conn.exec_driver_sql("INSERT INTO t VALUES (?)", (data,))


def poll(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_was_committed_reaches_the_file_while_it_is_open(db: Database, file: Path) -> None:
    add(db, b"carried over")
    poll(lambda: b"carried over" in file.read_bytes())
    db.close()


def test_the_log_stays_short_under_steady_writing(
    db: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LONG_LOG_PAGES", 100)
    monkeypatch.setattr(checkpoints, "EVERY_COMMITS", 5)
    written = 0
    while written < 8_000:  # half of what SQLite's own bound lets pass
        add(db, bytes(50 * PAGE))
        written += 50
    log = file.with_name(file.name + "-wal")
    assert log.stat().st_size < 4_000 * PAGE
    db.close()
    assert not log.exists()


def test_a_reader_that_holds_a_snapshot_stops_nobody(db: Database) -> None:
    add(db, b"before")
    with db.read() as conn:
        first = conn.exec_driver_sql("SELECT count(*) FROM t").scalar_one()
        for _ in range(250):
            add(db, bytes(PAGE))
        assert conn.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == first
    db.close()


def test_closing_a_database_nobody_wrote_to_is_quick(file: Path) -> None:
    db = Database(f"sqlite:///{file}")
    began = time.monotonic()
    db.close()
    assert time.monotonic() - began < 1
