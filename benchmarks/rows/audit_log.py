"""The audit log on both databases: its share of a commit, a page of every filter, a proof.

The log has `AUDIT_BENCH_EVENTS` events (1,000,000 by default; ten million take some minutes to write).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import insert

from benchmarks.row import Row, millis, quantile
from benchmarks.stage import postgres, prompt_text
from promptops.audit.merkle import inclusion_proof
from promptops_server.access.policy import authorise
from promptops_server.access.users import create_user
from promptops_server.app import migrate
from promptops_server.audit.model import GENESIS, AuditEvent, AuditObject, entry_hash, write_entry
from promptops_server.audit.read import Filter, read_log
from promptops_server.audit.tables import audit_event, audit_personal, audit_subtree
from promptops_server.audit.tree import StoredTree
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.database import Database
from promptops_server.registry.edits import put as put_module
from promptops_server.registry.projects import create_project

LOG = "benchmark"
_EVENTS = BulkInsert(audit_event, [c.name for c in audit_event.c])
_PERSONAL = BulkInsert(audit_personal, [c.name for c in audit_personal.c])
START_US = 1_700_000_000_000_000
STEP_US = 1_000_000


def run(quick: bool) -> list[Row]:
    """Four rows per database."""
    rows: list[Row] = []
    count = int(os.environ.get("AUDIT_BENCH_EVENTS", "50000" if quick else "1000000"))
    for name, db in databases():
        rows += [_commit(name, db, quick), *_reading(name, db, count)]
    return rows


@contextmanager
def _sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="promptops-bench-") as folder:
        db = Database(f"sqlite:///{Path(folder) / 'a.sqlite'}")
        migrate.upgrade(db)
        yield db
        db.close()


def databases() -> Iterator[tuple[str, Database]]:
    """Each database, fresh."""
    with _sqlite() as db:
        yield "SQLite", db
    with postgres() as url:
        if url is not None:
            db = Database(url)
            migrate.upgrade(db)
            yield "PostgreSQL", db
            db.close()


def _commit(name: str, db: Database, quick: bool) -> Row:
    """Puts with and without their event, by turns; the quarter quantiles differ by what the event costs."""
    with db.write() as tx:
        who = create_user(tx, SYSTEM, "bench", admin=True)
    actor = Actor(who.id, "bench", admin=True, ip="192.0.2.7", request_id="r")
    create_project(db, actor, authorise, "bench", "")
    took: dict[bool, list[float]] = {True: [], False: []}
    parents: dict[bool, int | None] = {True: None, False: None}
    for number in range(60 if quick else 400):
        with_event = number % 2 == 0
        skip: Any = mock.patch.object(put_module, "record", return_value=1)
        if not with_event:
            skip.start()
        begin = time.perf_counter()
        done = put_module.put_prompt(
            db, actor, authorise, "bench", f"m/p{int(with_event)}", prompt_text(number),
            parent=parents[with_event],
        )  # fmt: skip
        took[with_event].append(time.perf_counter() - begin)
        if not with_event:
            skip.stop()
        parents[with_event] = done.version.number
    ours, floor = (quantile(took[kind][10:], 0.25) for kind in (True, False))
    return Row(f"put with its audit event, {name}", millis(ours), f"without {millis(floor)}",
               ours / floor, "≤ 1.10", ours <= 1.10 * floor)  # fmt: skip


def _fill(db: Database, count: int) -> None:
    """Events as a server would have written them, hashes and all."""
    actors = [Actor(f"user-{n:031}", f"name{n}", ip="192.0.2.7") for n in range(500)]
    actions = ["prompt.put"] * 6 + ["release.publish", "release.rollback", "git.push", "view.save"]
    prev, seq = GENESIS, 0
    while seq < count:
        events, beside = [], []
        for _ in range(min(10_000, count - seq)):
            seq += 1
            actor = actors[seq * 7 % 500]
            about = AuditObject("prompt", f"bank/m{seq % 40}/p{seq * 13 % 20_000}", "3", "ab" * 32)
            where = "production" if seq % 11 == 0 else None
            outcome: Any = "denied" if seq % 5_000 == 0 else "ok"
            event = AuditEvent(
                actions[seq % 10], about, actor, outcome, "bank", where, after={"v": 3}, reason="r"
            )
            at = START_US + seq * STEP_US
            entry = write_entry(
                event, log_id=LOG, seq=seq, event_id=f"{seq:036}", now=at, prev_hash=prev
            )
            prev = entry_hash(entry.body)
            events.append((LOG, seq, f"{seq:036}", at, event.action, outcome, actor.subject, about.type,
                           about.id, where, entry.body, prev))  # fmt: skip
            beside += [(LOG, seq, p.subject, p.salt, '{"actor.name":"n"}') for p in entry.personal]
        with db.write() as tx:
            _EVENTS(tx.conn, events)
            _PERSONAL(tx.conn, beside)
    if not db.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("ANALYZE audit_event")


def _reading(name: str, db: Database, count: int) -> list[Row]:
    _fill(db, count)
    middle = START_US + count // 2 * STEP_US
    asked = {
        "no filter": Filter(),
        "actor": Filter(actor=f"user-{77:031}"),
        "action": Filter(action="release.publish"),
        "action.*": Filter(action="release.*"),
        "object": Filter(object="bank/m1/p13"),
        "object prefix": Filter(object="bank/m1/*"),
        "outcome": Filter(outcome="denied"),
        "environment": Filter(environment="production"),
        "since, until": Filter(since=middle, until=middle + 3_600 * STEP_US),
        "actor and action": Filter(actor=f"user-{77:031}", action="release.publish"),
    }
    rows = []
    for what, where in asked.items():

        def page(where: Filter = where) -> object:
            with db.read() as conn:
                return read_log(conn, LOG, where, limit=50, after=None)

        took = _times(page)
        rows.append(Row(f"page by {what}, {count:,} events, {name}", millis(took), "", None,
                        "≤ 50 ms", took <= 0.05))  # fmt: skip
    with db.read() as conn:
        tree = StoredTree(conn, LOG)
        tree.complete_to(count)
        new = [(LOG, level, number, hash_) for (level, number), hash_ in tree.new.items()]
    with db.write() as tx:
        for at in range(0, len(new), 5_000):
            keys = [c.name for c in audit_subtree.c]
            tx.conn.execute(
                insert(audit_subtree),
                [dict(zip(keys, r, strict=True)) for r in new[at : at + 5_000]],
            )

    def proof() -> object:
        with db.read() as conn:
            return inclusion_proof(count // 3, count, StoredTree(conn, LOG).node)

    took = _times(proof)
    rows.append(Row(f"inclusion proof, {count:,} events, {name}", millis(took), "", None, "", None))
    return rows


def _times(work: Callable[[], object]) -> float:
    took = []
    for _ in range(15):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return quantile(took, 0.5)
