"""Runs and results as rows. Owns the tables `test_run` and `test_result`; callers own the transactions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.model import Contents, PlannedCall, Progress, Run, Tally
from promptops_server.evaluation.tables import test_result as result
from promptops_server.evaluation.tables import test_run as run
from promptops_server.infra import cursor
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.problems import NotFound
from promptops_server.providers.model import Target

_FIELDS = tuple(name for name in Run.__dataclass_fields__)
_RUN = select(*(run.c[name] for name in _FIELDS))
_BY_NUMBER = _RUN.where(
    run.c.project_id == bindparam("project_id"), run.c.number == bindparam("number")
)
_BY_ID = _RUN.where(run.c.id == bindparam("run_id"))
_ATTEMPTS = select(run.c.id, run.c.attempt).where(run.c.id.in_(bindparam("ids", expanding=True)))
_NEXT = select(func.max(run.c.number)).where(run.c.project_id == bindparam("project_id"))
_ADD_CALLS = BulkInsert(
    result, ("run_id", "ordinal", "target_id", "suite", "case_key", "repeat", "state")
)
LISTED = tuple(column for column in result.c if column.name != "texts")
_STORED = (
    "state",
    "fault",
    "detail",
    "passed",
    "scores",
    "request_key",
    "from_run",
    "model",
    "fingerprint",
    "stop",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost",
    "latency_ms",
    "first_token_ms",
    "attempts",
    "seed",
    "texts",
    "ended_at",
)
_STORE_SQL = (
    f"UPDATE test_result SET {', '.join(f'{name} = {{}}' for name in _STORED)}"  # noqa: S608 - our own names
    " WHERE run_id = {} AND ordinal = {} AND state = 'waiting'"
)
_STORE_LITE = _STORE_SQL.replace("{}", "?")
_STORE_PG = _STORE_SQL.replace("{}", "%s")
_ADVANCE = text(
    "UPDATE test_run SET cost = :cost, reserved = :reserved, progress = :progress"
    " WHERE id = :run_id AND attempt = :attempt RETURNING cancel_asked"
)


def next_number(conn: Connection, project_id: str) -> int:
    """The number of the project's next run; its lock is held."""
    return int(conn.execute(_NEXT, {"project_id": project_id}).scalar() or 0) + 1


def add(
    conn: Connection,
    made: Run,
    contents: Contents,
    calls: Iterable[PlannedCall],
    catalogue_digest: Callable[[Target], str],
) -> None:
    """Write a run and its calls, all waiting."""
    conn.execute(
        insert(run),
        {
            **{name: getattr(made, name) for name in _FIELDS},
            "suites": json.dumps([dict(suite) for suite in made.suites]),
            "targets": json.dumps(
                [packing.target_to(target, catalogue_digest(target)) for target in made.targets]
            ),
            "progress": packing.progress_to(made.progress),
            "plan": packing.contents_to(contents),
        },
    )
    _ADD_CALLS(
        conn,
        (
            (made.id, c.ordinal, c.target_id, c.suite, c.case_key, c.repeat, "waiting")
            for c in calls
        ),
    )


def get(conn: Connection, project_id: str, number: int) -> Run:
    """A run by its number. Raises NotFound."""
    row = conn.execute(_BY_NUMBER, {"project_id": project_id, "number": number}).first()
    if row is None:
        raise NotFound(
            f"There is no run {number} in this project.",
            remedy="`promptops runs list PROJECT` shows them.",
            slug="unknown-run",
        )
    return as_run(row)


def by_id(conn: Connection, run_id: str) -> Run | None:
    """A run by its id; None where there is none."""
    row = conn.execute(_BY_ID, {"run_id": run_id}).first()
    return None if row is None else as_run(row)


def contents(conn: Connection, run_id: str) -> Contents:
    """What the run was planned from."""
    data = conn.execute(select(run.c.plan).where(run.c.id == run_id)).scalar_one()
    return packing.contents_from(data)


def page(
    conn: Connection,
    project_id: str,
    *,
    path: str | None,
    state: str | None,
    limit: int,
    after: str | None,
) -> cursor.Page[Run]:
    """Runs of a project, newest first. Raises BadRequest for a cursor that is not from here."""
    query = _RUN.where(run.c.project_id == project_id)
    if path is not None:
        query = query.where(run.c.path == path)
    if state is not None:
        query = query.where(run.c.state == state)
    if after:
        query = query.where(run.c.number < cursor.decode(after, int)[0])
    rows = conn.execute(query.order_by(run.c.number.desc()).limit(limit + 1)).all()
    found = cursor.page(rows, limit, lambda row: (int(row.number),))
    return cursor.Page([as_run(row) for row in found.items], found.next)


def results(
    conn: Connection,
    run_id: str,
    *,
    target_id: str | None = None,
    passed: bool | None = None,
    state: str | None = None,
    limit: int,
    after: int = -1,
) -> Sequence[Row[Any]]:
    """Results by place in the plan, without texts; at most `limit`."""
    query = select(*LISTED).where(result.c.run_id == run_id, result.c.ordinal > after)
    if target_id is not None:
        query = query.where(result.c.target_id == target_id)
    if passed is not None:
        query = query.where(result.c.passed == passed)
    if state is not None:
        query = query.where(result.c.state == state)
    return conn.execute(query.order_by(result.c.ordinal).limit(limit)).all()


def one_result(conn: Connection, run_id: str, ordinal: int) -> Row[Any]:
    """One result with its texts. Raises NotFound."""
    row = conn.execute(
        select(result).where(result.c.run_id == run_id, result.c.ordinal == ordinal)
    ).first()
    if row is None:
        raise NotFound(f"This run has no result {ordinal}.", slug="unknown-result")
    return row


def waiting(conn: Connection, run_id: str) -> list[PlannedCall]:
    """The calls that have no result yet, in order."""
    columns = (result.c.ordinal, result.c.target_id, result.c.suite, result.c.case_key)
    rows = conn.execute(
        select(*columns, result.c.repeat)
        .where(result.c.run_id == run_id, result.c.state == "waiting")
        .order_by(result.c.ordinal)
    )
    return [PlannedCall(*row) for row in rows]


def tallies(conn: Connection, found: Run) -> dict[str, Tally]:
    """How far the run is, counted from its results; what was paid per target is kept from its progress."""
    made = {target.id: Tally() for target in found.targets}
    groups = conn.execute(
        select(
            result.c.target_id,
            result.c.state,
            result.c.passed,
            result.c.from_run.is_not(None).label("reused"),
            result.c.cost.is_(None).label("unpriced"),
            func.count().label("count"),
        )
        .where(result.c.run_id == found.id)
        .group_by(
            result.c.target_id,
            result.c.state,
            result.c.passed,
            result.c.from_run.is_not(None),
            result.c.cost.is_(None),
        )
    )
    for row in groups:
        tally = made.setdefault(row.target_id, Tally())
        count = int(row._mapping["count"])
        tally.calls += count
        count_in(
            tally, row.state, row.passed,
            reused=bool(row.reused), unpriced=bool(row.unpriced), count=count,
        )  # fmt: skip
    for target_id, tally in made.items():
        before = found.progress.tallies.get(target_id)
        tally.cost = before.cost if before is not None else 0
    return made


def count_in(
    tally: Tally,
    state: str,
    passed: bool | None,
    *,
    reused: bool,
    unpriced: bool = False,
    count: int = 1,
) -> None:
    """Count a result."""
    if state == "done" and passed:
        tally.passed += count
    elif state == "done" and passed is None:
        tally.unchecked += count
    elif state == "done":
        tally.failed += count
    elif state == "error":
        tally.errors += count
    elif state == "skipped":
        tally.skipped += count
    if reused and state != "waiting":
        tally.reused += count
    elif unpriced and state == "done":
        tally.unpriced += count


def store_results(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write results that were waiting; one that has its result already keeps it.

    Each row has `run_id`, `ordinal` and what of a result is known.
    """
    values = [(*(row.get(name) for name in _STORED), row["run_id"], row["ordinal"]) for row in rows]
    conn.exec_driver_sql(_STORE_LITE if conn.dialect.name == "sqlite" else _STORE_PG, values)


def attempts(conn: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """The newest attempt of each run."""
    rows = conn.execute(_ATTEMPTS, {"ids": list(run_ids)})
    return {row.id: row.attempt for row in rows}


def skip_waiting(
    conn: Connection, run_id: str, target_id: str, fault: str, detail: str, now: int
) -> int:
    """Give every waiting call of a target the same reason for not being sent; returns how many."""
    done = conn.execute(
        update(result)
        .where(
            result.c.run_id == run_id,
            result.c.target_id == target_id,
            result.c.state == "waiting",
        )
        .values(state="skipped", fault=fault, detail=detail, ended_at=now)
    )
    return int(done.rowcount)


def wait_again(conn: Connection, run_id: str) -> int:
    """Put what ended without an answer back to waiting, for a resumed run; returns how many."""
    values: dict[str, Any] = dict.fromkeys(_STORED)
    values["state"] = "waiting"
    done = conn.execute(
        update(result)
        .where(result.c.run_id == run_id, result.c.state.in_(("error", "skipped")))
        .values(**values)
    )
    return int(done.rowcount)


def advance(
    conn: Connection, run_id: str, attempt: int, cost: int, reserved: int, progress: Progress
) -> bool | None:
    """Write how far a run is; returns whether it is to be cancelled, None: it is not this attempt's any more."""
    row = conn.execute(
        _ADVANCE,
        {
            "cost": cost,
            "reserved": reserved,
            "progress": packing.progress_to(progress),
            "run_id": run_id,
            "attempt": attempt,
        },
    ).first()
    return None if row is None else bool(row.cancel_asked)


def change(conn: Connection, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    if "progress" in values:
        values["progress"] = packing.progress_to(values["progress"])
    conn.execute(update(run).where(run.c.id == run_id).values(**values))


def cancel_asked(conn: Connection, run_id: str) -> bool:
    """Whether somebody asked to cancel it."""
    return bool(conn.execute(select(run.c.cancel_asked).where(run.c.id == run_id)).scalar())


def forget_texts(conn: Connection, before: int, at_most: int) -> int:
    """Drop requests and replies of runs that ended before a time; returns how many results were cleared."""
    old = (
        select(result.c.run_id)
        .join(run, run.c.id == result.c.run_id)
        .where(run.c.ended_at < before, result.c.texts.is_not(None))
        .limit(1)
    )
    run_id = conn.execute(old).scalar()
    if run_id is None:
        return 0
    some = (
        select(result.c.ordinal)
        .where(result.c.run_id == run_id, result.c.texts.is_not(None))
        .order_by(result.c.ordinal)
        .limit(at_most)
    )
    ordinals = [row.ordinal for row in conn.execute(some)]
    conn.execute(
        update(result)
        .where(result.c.run_id == run_id, result.c.ordinal.in_(ordinals))
        .values(texts=None)
    )
    return len(ordinals)


def as_run(row: Row[Any]) -> Run:
    """A row as a run."""
    found = Run(**row._mapping)
    return replace(
        found,
        suites=tuple(json.loads(row.suites)),
        targets=tuple(packing.target_from(value) for value in json.loads(row.targets)),
        progress=packing.progress_from(row.progress),
        cancel_asked=bool(row.cancel_asked),
        fresh=bool(row.fresh),
    )
