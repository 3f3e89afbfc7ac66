"""Group commits: one thread takes whatever results wait and writes them in one transaction.

A caller is told when its result is durable, and only then makes its next call: so a killed process loses the calls in
flight and nothing else. What a result changes besides its row (tallies, cost, budgets) is written with it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from promptops_server.evaluation.runs import store
from promptops_server.evaluation.runs.model import Progress
from promptops_server.evaluation.runs.money import Purse
from promptops_server.evaluation.runs.ports import Budgets
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Unavailable
from promptops_server.providers.model import CallError, Target

log = structlog.get_logger(__name__)

MOST = 500
"""Items of one transaction."""
_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class Ledger:
    """A run under way as its row is kept: changed by the writer's thread alone. `moved` counts the changes."""

    run_id: str
    attempt: int
    purse: Purse
    cost: int
    progress: Progress
    cancel_asked: bool = False
    lost: bool = False
    """Another attempt has the run now; what this one does is not wanted any more."""
    moved: int = 0


@dataclass(slots=True)
class Item:
    """One thing to write for a run. `done` is resolved in the caller's loop when it is durable."""

    ledger: Ledger
    target: Target
    done: asyncio.Future[Any]
    row: Mapping[str, Any] | None = None
    """A result."""
    settle: Any = None
    """What was reserved of the target's budget for it; given back and replaced by what it came to."""
    spent: int = 0
    """By the call and its judges: what the run's own cost grows by."""
    paid: int | None = None
    """By the call alone; None: nothing was called, or nobody knows what it came to."""
    reserve: int | None = None
    """To be reserved of the target's budget; `done` gives the reservation, or the refusal."""
    skip: tuple[str, str] | None = None
    """Fault and sentence for every call of the target that still waits."""
    answer: Any = None
    counted: bool = False


class Writer:
    """The thread between `start` and `close`."""

    def __init__(self, database: Database, budgets: Budgets) -> None:
        self._database = database
        self._budgets = budgets
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = False

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="test-results", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End after what waits."""
        self._closing = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout=10)

    async def write(self, ledger: Ledger, target: Target, **what: Any) -> Any:
        """Write an item; returns when it is durable: for `reserve` the reservation, or the CallError that refused it.

        Raises:
            Exception: it could not be written, and trying again would not help.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(Item(ledger, target, done, **what))
        return await done

    def _run(self) -> None:
        while True:
            batch, more = self._batch()
            if batch:
                self._write(batch)
            if not more:
                return

    def _batch(self) -> tuple[list[Item], bool]:
        first = self._queue.get()
        if first is None:
            return [], False
        batch = [first]
        while len(batch) < MOST:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _write(self, batch: list[Item]) -> None:
        while True:
            try:
                with self._database.write() as tx:
                    self._apply(tx, batch)
            except Unavailable as problem:
                # Answers that were paid for wait here until the database is back.
                if not self._closing:
                    log.warning("test_results_wait", reason=problem.detail)
                    time.sleep(_AGAIN_SECONDS)
                    continue
                self._told(batch, problem)
            except Exception as error:
                if len(batch) > 1:  # one that cannot be written must not keep the others back
                    for item in batch:
                        self._write([item])
                    return
                log.exception("test_result_not_written")
                self._told(batch, error)
            else:
                self._told(batch, None)
            return

    def _apply(self, tx: Transaction, batch: list[Item]) -> None:
        conn, now = tx.conn, tx.now
        ledgers = {item.ledger.run_id: item.ledger for item in batch}
        # What an attempt asked that was ended meanwhile may hold what a redaction took out.
        attempts = store.attempts(conn, ledgers)
        rows = [
            {**item.row, "run_id": item.ledger.run_id, "ended_at": now}
            for item in batch
            if item.row is not None and attempts.get(item.ledger.run_id) == item.ledger.attempt
        ]
        if rows:
            store.store_results(conn, rows)
        for item in sorted(batch, key=lambda item: item.target.id):
            self._money(tx, item)
            if item.skip is not None:
                fault, detail = item.skip
                count = store.skip_waiting(
                    conn, item.ledger.run_id, item.target.id, fault, detail, now
                )
                if not item.counted:
                    item.ledger.progress.tallies[item.target.id].skipped += count
            if item.row is not None and not item.counted:
                tally = item.ledger.progress.tallies[item.target.id]
                reused = item.row.get("from_run") is not None
                unpriced = item.row.get("cost") is None
                store.count_in(
                    tally, item.row["state"], item.row.get("passed"),
                    reused=reused, unpriced=unpriced,
                )  # fmt: skip
                tally.cost += item.spent
                item.ledger.cost += item.spent
            item.counted = True
        self._count(tx, batch)
        for run_id in sorted(ledgers):
            ledger = ledgers[run_id]
            reserved = ledger.purse.reserved
            asked = store.advance(
                conn, run_id, ledger.attempt, ledger.cost, reserved, ledger.progress
            )
            ledger.lost = asked is None
            ledger.cancel_asked = bool(asked)

    def _money(self, tx: Transaction, item: Item) -> None:
        if item.reserve is not None:
            try:
                item.answer = self._budgets.reserve_in(
                    tx, item.target, item.reserve, holder=item.ledger.run_id
                )
            except CallError as refused:
                item.answer = refused
        if item.settle is not None:
            self._budgets.settle_in(tx, item.settle, item.paid)

    def _count(self, tx: Transaction, batch: list[Item]) -> None:
        """What calls without a reservation came to, a row per target."""
        sums: dict[str, list[int]] = {}
        for item in batch:
            if item.paid is not None and item.settle is None:
                total = sums.setdefault(item.target.id, [0, 0])
                total[0] += item.paid
                total[1] += 1
        for target_id in sorted(sums):
            self._budgets.count_in(tx, target_id, *sums[target_id])

    def _told(self, batch: list[Item], error: Exception | None) -> None:
        for item in batch:
            item.ledger.moved += 1
        loops = {item.done.get_loop() for item in batch}
        for loop in loops:
            mine = [item for item in batch if item.done.get_loop() is loop]
            loop.call_soon_threadsafe(_resolve, mine, error)


def _resolve(items: list[Item], error: Exception | None) -> None:
    for item in items:
        if item.done.done():
            continue
        if error is None:
            item.done.set_result(item.answer)
        else:
            item.done.set_exception(error)
