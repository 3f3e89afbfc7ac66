"""Send what the logs have and an output has not: read behind its cursor, send, move the cursor. Never in a commit's way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update

from promptops_server.audit.checkpoints import Log
from promptops_server.audit.outputs.batch import Batch, NotSent, Output
from promptops_server.audit.read import Filter, newest, read_after
from promptops_server.audit.tables import audit_checkpoint, audit_output
from promptops_server.infra.database import Database

log = structlog.get_logger(__name__)

BATCH = 100
BATCH_CHARACTERS = 1_000_000
"""A batch ends behind the event that reaches this."""
RUN_SECONDS = 20.0
"""How long one run sends; what is left waits for the next."""
LONGEST_WAIT_SECONDS = 600.0


class Sender:
    """One per process. After a failure an output waits, twice as long each time."""

    def __init__(
        self, db: Database, outputs: Sequence[Output], logs: Callable[[Connection], Iterable[Log]]
    ) -> None:
        self._db = db
        self._outputs = outputs
        self._logs = logs
        self._running = threading.Lock()
        self._waits: dict[str, tuple[float, float]] = {}

    def run(self) -> int:
        """Send what there is; returns how many entries. A run that is under way already is left to it."""
        if not self._outputs or not self._running.acquire(blocking=False):
            return 0
        try:
            with self._db.read() as conn:
                logs = list(self._logs(conn))
            return sum(self._run(output, logs) for output in self._outputs)
        finally:
            self._running.release()

    def _run(self, output: Output, logs: Sequence[Log]) -> int:
        until, wait = self._waits.get(output.name, (0.0, 0.5))
        if time.monotonic() < until:
            return 0
        end = time.monotonic() + RUN_SECONDS
        count = 0
        try:
            for of in logs:
                while time.monotonic() < end:
                    sent, more = self._send(output, of)
                    count += sent
                    if not more:
                        break
        except NotSent as error:
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            self._waits[output.name] = (time.monotonic() + wait, wait)
            log.warning("audit_output_failed", output=output.name, reason=str(error), again_in=wait)
        else:
            self._waits.pop(output.name, None)
        return count

    def _send(self, output: Output, of: Log) -> tuple[int, bool]:
        with self._db.read() as conn:
            known = conn.execute(
                select(audit_output.c.seq, audit_output.c.checkpoint).where(
                    audit_output.c.output == output.name, audit_output.c.log_id == of.log_id
                )
            ).first()
            seq, size = (known.seq, known.checkpoint) if known else (0, 0)
            upto = newest(conn, of.log_id)
            entries = _bounded(
                read_after(conn, of.log_id, Filter(), after=seq, upto=upto, limit=BATCH)
            )
            reached = entries[-1]["seq"] if entries else seq
            signed = conn.execute(
                select(audit_checkpoint)
                .where(
                    audit_checkpoint.c.log_id == of.log_id,
                    audit_checkpoint.c.size > size,
                    audit_checkpoint.c.size <= reached,
                )
                .order_by(audit_checkpoint.c.size)
                .limit(BATCH)
            ).all()
        if not entries and not signed:
            return 0, False
        checkpoints = [
            {"text": s.text, "key_id": s.key_id, "signature": s.signature} for s in signed
        ]
        output.send(Batch(of, entries, checkpoints))
        self._move(
            output.name, of.log_id, reached, signed[-1].size if signed else size, new=not known
        )
        return len(entries), reached < upto or len(signed) == BATCH

    def _move(self, output: str, log_id: str, seq: int, size: int, *, new: bool) -> None:
        values = {"seq": seq, "checkpoint": size}
        with self._db.write() as tx:
            moved = tx.conn.execute(
                update(audit_output)
                .where(
                    audit_output.c.output == output,
                    audit_output.c.log_id == log_id,
                    audit_output.c.seq <= seq,
                    audit_output.c.checkpoint <= size,
                )
                .values(values)
            )
            if new and not moved.rowcount:
                tx.conn.execute(insert(audit_output).values(output=output, log_id=log_id, **values))


def _bounded(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = 0
    for at, entry in enumerate(entries):
        size += len(json.dumps(entry["before"])) + len(json.dumps(entry["after"])) + 1000
        if size >= BATCH_CHARACTERS:
            return entries[: at + 1]
    return entries
