"""Texts that are redacted in a project go out of its runs: out of plans, results and the matrix's cells.

A request or reply that holds one is dropped whole, so that such an answer is not used again; verdicts, scores, usage and
cost stay, with the marker in place of the text. A run under way whose plan holds one is cancelled: resuming it asks what
the redacted plan says.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, select, update

from promptops_server.evaluation.matrix.readings import forget_readings
from promptops_server.evaluation.runs import packing, store
from promptops_server.evaluation.runs.model import Progress
from promptops_server.evaluation.tables import test_cell as cell
from promptops_server.evaluation.tables import test_result as result
from promptops_server.evaluation.tables import test_run as run
from promptops_server.infra.database import Transaction
from promptops_server.registry.redaction.replace import Replacer

REASON = "A redaction took a text out of what this run tests."
_BATCH = 500


class TestedTexts:
    """`registry.redaction.ports.Tested` over the rows of runs."""

    __test__ = False

    def find(self, conn: Connection, project_id: str, replacer: Replacer) -> dict[str, int]:
        """How many runs, results and cells hold a text. Reads every one of the project."""
        found = {
            "test_runs": sum(1 for _ in _runs(conn, project_id, replacer)),
            "test_results": sum(1 for _ in _results(conn, project_id, replacer)),
            "matrix_cells": sum(1 for _ in _cells(conn, project_id, replacer)),
        }
        return {name: count for name, count in found.items() if count}

    def redact(
        self, tx: Transaction, project_id: str, replacer: Replacer, ids: Mapping[str, str]
    ) -> dict[str, int]:
        """Take the texts out; the project's lock is held. Raises NeverEnds."""
        conn = tx.conn
        done = {"test_runs": 0, "test_results": 0, "matrix_cells": 0}
        runs = list(_runs(conn, project_id, replacer))
        for run_id, _ in runs:
            _stop(tx, run_id)
        for key, values in list(_results(conn, project_id, replacer)):
            where = (result.c.run_id == key[0], result.c.ordinal == key[1])
            conn.execute(update(result).where(*where).values(**values))
            done["test_results"] += 1
        for run_id, values in runs:
            conn.execute(update(run).where(run.c.id == run_id).values(**values))
            done["test_runs"] += 1
        _follow(conn, project_id, ids)
        for row, values in list(_cells(conn, project_id, replacer)):
            keys = (column == row._mapping[column.name] for column in cell.primary_key)
            conn.execute(update(cell).where(*keys).values(**values))
            done["matrix_cells"] += 1
        forget_readings(conn, project_id)  # digests of files that are no more
        return {name: count for name, count in done.items() if count}


def _stop(tx: Transaction, run_id: str) -> None:
    """End a run under way. Its process finds another attempt in its place and stores nothing more."""
    found = store.by_id(tx.conn, run_id)
    if found is None or found.over:
        return
    for target in found.targets:
        store.skip_waiting(tx.conn, run_id, target.id, "redacted", REASON, tx.now)
    store.change(
        tx.conn,
        run_id,
        state="cancelled",
        problem=REASON,
        attempt=found.attempt + 1,
        reserved=0,
        progress=Progress(store.tallies(tx.conn, found)),
        ended_at=tx.now,
    )


def _follow(conn: Connection, project_id: str, ids: Mapping[str, str]) -> None:
    """Suites that were read from rewritten files name the new ones."""
    rows = _all(conn, select(run.c.id, run.c.suites).where(run.c.project_id == project_id))
    for row in list(rows):
        suites = json.loads(row.suites)
        if any(suite.get("blob") in ids for suite in suites):
            told = [{**s, "blob": ids.get(s.get("blob"), s.get("blob"))} for s in suites]
            conn.execute(update(run).where(run.c.id == row.id).values(suites=json.dumps(told)))


def _runs(
    conn: Connection, project_id: str, replacer: Replacer
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each run that holds a text, and its columns without it."""
    columns = (run.c.id, run.c.plan, run.c.problem)
    for row in _all(conn, select(*columns).where(run.c.project_id == project_id)):
        values: dict[str, Any] = {}
        plan = zlib.decompress(row.plan).decode()
        if replacer.in_json(plan):
            values["plan"] = packing.packed(json.loads(replacer.json(plan)))
        if replacer.in_text(row.problem):
            values["problem"] = replacer.text(row.problem)
        if values:
            yield row.id, values


def _results(
    conn: Connection, project_id: str, replacer: Replacer
) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    columns = (
        *(result.c.run_id, result.c.ordinal, result.c.case_key),
        *(result.c.detail, result.c.scores, result.c.texts),
    )
    query = (
        select(*columns)
        .join(run, run.c.id == result.c.run_id)
        .where(run.c.project_id == project_id)
    )
    for row in _all(conn, query):
        held = row._mapping
        values: dict[str, Any] = {
            name: replacer.text(held[name])
            for name in ("case_key", "detail")
            if replacer.in_text(held[name])
        }
        if replacer.in_json(row.scores):
            values["scores"] = replacer.json(row.scores)
        if row.texts is not None and replacer.in_json(zlib.decompress(row.texts).decode()):
            values |= {"texts": None, "request_key": None}
        if values:
            yield (row.run_id, row.ordinal), values


def _cells(
    conn: Connection, project_id: str, replacer: Replacer
) -> Iterator[tuple[Row[Any], dict[str, Any]]]:
    columns = (*cell.primary_key, cell.c.counts)
    for row in _all(conn, select(*columns).where(cell.c.project_id == project_id)):
        if replacer.in_json(row.counts):
            yield row, {"counts": replacer.json(row.counts)}


def _all(conn: Connection, query: Any) -> Iterator[Row[Any]]:
    yield from conn.execute(query.execution_options(stream_results=True, yield_per=_BATCH))
