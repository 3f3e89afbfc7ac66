"""Transactions, the fair writer, and what a failure leaves behind."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import insert, select

from promptops_server.infra import outbox
from promptops_server.infra.database import Database
from promptops_server.infra.fair_lock import FairLock
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.tables import installation


def add(db: Database, name: str) -> None:
    with db.write() as tx:
        tx.conn.execute(insert(installation).values(id=name, epoch=1, created_at=tx.now))


def names(db: Database) -> set[str]:
    with db.read() as conn:
        return set(conn.execute(select(installation.c.id)).scalars())


def test_a_write_is_all_or_nothing(any_database: Database) -> None:
    with pytest.raises(RuntimeError), any_database.write() as tx:
        tx.conn.execute(insert(installation).values(id="a", epoch=1, created_at=0))
        raise RuntimeError
    assert names(any_database) == set()


def test_hooks_run_after_the_commit_and_may_fail(any_database: Database) -> None:
    seen: list[set[str]] = []

    def fail() -> None:
        raise ValueError("this hook is broken")

    with any_database.write() as tx:
        tx.conn.execute(insert(installation).values(id="a", epoch=1, created_at=0))
        tx.after_commit(fail)
        tx.after_commit(lambda: seen.append(names(any_database)))
    assert seen == [{"a"}]


def test_hooks_do_not_run_when_the_write_is_undone(any_database: Database) -> None:
    ran: list[int] = []
    with pytest.raises(RuntimeError), any_database.write() as tx:
        tx.after_commit(lambda: ran.append(1))
        raise RuntimeError
    assert ran == []


def test_writing_inside_a_write_is_a_mistake_told_at_once(database: Database) -> None:
    with (
        database.write(),
        pytest.raises(RuntimeError, match="pass the Transaction"),
        database.write(),
    ):
        pass
    add(database, "still works")


def test_reading_connections_cannot_write(any_database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"), any_database.read() as conn:
        conn.execute(insert(installation).values(id="a", epoch=1, created_at=0))


def test_many_writers_all_get_their_turn(any_database: Database) -> None:
    def work(n: int) -> None:
        for i in range(10):
            add(any_database, f"{n}-{i}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(names(any_database)) == 80


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    db = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable), db.read():
        pass


def test_the_fair_lock_serves_in_order_and_gives_up_in_time() -> None:
    lock = FairLock()
    assert lock.acquire(0)
    assert not lock.acquire(0.01)
    order: list[int] = []

    def wait(n: int) -> None:
        assert lock.acquire(5)
        order.append(n)
        lock.release()

    threads = []
    for n in range(5):
        thread = threading.Thread(target=wait, args=(n,))
        thread.start()
        threads.append(thread)
        while len(lock._waiting) <= n:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_outbox_rows_wait_until_dispatched(any_database: Database) -> None:
    with any_database.write() as tx:
        first = outbox.add(tx.conn, "release", "env-1", {"release": 1}, tx.now)
        second = outbox.add(tx.conn, "release", "env-1", {"release": 2}, tx.now)
    with any_database.write() as tx:
        assert [r.id for r in outbox.waiting(tx.conn)] == [first, second]
        outbox.mark_dispatched(tx.conn, [first], tx.now)
    with any_database.write() as tx:
        assert [(r.id, r.payload) for r in outbox.waiting(tx.conn)] == [(second, {"release": 2})]
        outbox.forget_dispatched(tx.conn, tx.now + 1)
        assert [r.id for r in outbox.waiting(tx.conn)] == [second]
