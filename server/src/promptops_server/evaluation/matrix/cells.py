"""Cells of the matrix, written when a run ends, from the results it stored.

A cell belongs to a prompt, a target, the behaviour that was tested and the suites it was tested with. A run replaces the
cell of the same four. A run that got no answer at all never replaces one that did: a lost key is no reason to forget
what was seen. A target whose calls were not all made (a run that was cancelled or stopped) gets no cell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.engine import Row

from promptops_server.evaluation.matrix.keys import endpoint_text, suites_digest, suites_key
from promptops_server.evaluation.matrix.ports import CatalogueDigest, no_catalogue
from promptops_server.evaluation.matrix.tally import Tally
from promptops_server.evaluation.matrix.verdict import judge
from promptops_server.evaluation.tables import test_cell, test_result, test_run
from promptops_server.infra.clock import now_us
from promptops_server.providers.model import Target
from promptops_server.registry.tables import prompt, version

KEPT_BEHAVIOURS: Final = 20
"""Per prompt and target. What is newest or live is kept besides."""
_BATCH: Final = 500


def write_cells(conn: Connection, run_id: str, catalogue: CatalogueDigest = no_catalogue) -> None:
    """Write the cells of a run that has ended, in its last transaction. Doing it again changes nothing.

    `catalogue` tells which entries the requests were built by, where the run did not note it.

    Raises:
        LookupError: there is no such run.
    """
    run = conn.execute(select(test_run).where(test_run.c.id == run_id)).first()
    if run is None:
        raise LookupError(f"no run {run_id}")
    suites = {str(suite["name"]): str(suite["digest"]) for suite in json.loads(run.suites)}
    targets = {str(target["id"]): target for target in json.loads(run.targets)}
    for target_id, tally in _tallies(conn, run_id, several=len(suites) > 1):
        if tally.waiting or target_id not in targets:
            continue
        target = targets[target_id]
        digest = target.get("catalogue_digest") or catalogue(_target(target)) or ""
        _write(conn, run, target, suites, tally, digest)
        _prune(conn, run.project_id, run.path, target_id)


def _tallies(conn: Connection, run_id: str, *, several: bool) -> Iterator[tuple[str, Tally]]:
    """Target by target, the results counted as they are read; a run of any length fits into memory."""
    r = test_result.c
    rows = conn.execute(
        select(r.target_id, r.suite, r.case_key, r.state, r.fault, r.passed, r.scores, r.cost)
        .where(r.run_id == run_id)
        .order_by(r.target_id, r.suite, r.case_key, r.ordinal)
        .execution_options(stream_results=True, yield_per=_BATCH)
    )
    found: list[tuple[str, Tally]] = []
    for target_id, results in groupby(rows, key=lambda row: str(row.target_id)):
        tally = Tally(named_by_suite=several)
        for row in results:
            tally.add(
                row.suite,
                row.case_key,
                row.state,
                fault=row.fault,
                passed=row.passed,
                scores=row.scores,
                cost=row.cost,
            )
        found.append((target_id, tally))
    return iter(found)  # no cursor is open while cells are written


def _write(
    conn: Connection,
    run: Row[Any],
    target: Mapping[str, Any],
    suites: Mapping[str, str],
    tally: Tally,
    catalogue_digest: str,
) -> None:
    counts = tally.counts()
    judged = judge(counts)
    key = {
        "project_id": run.project_id,
        "path": run.path,
        "target_id": str(target["id"]),
        "behaviour": run.behaviour,
        "suites_key": suites_key(suites),
    }
    here = and_(*(test_cell.c[name] == value for name, value in key.items()))
    before = conn.execute(select(test_cell.c.verdict, test_cell.c.run_id).where(here)).first()
    if (
        before is not None
        and before.run_id != run.id
        and judged.verdict == "untested" != before.verdict
    ):
        return
    values = {
        "suites_digest": suites_digest(suites),
        "suites": json.dumps(suites, ensure_ascii=False),
        "catalogue_digest": catalogue_digest,
        "target_model": endpoint_text(
            str(target["provider"]),
            str(target["model"]),
            target.get("base_url"),
            str(target.get("region") or ""),
        ),
        "model": _answered_as(conn, run.id, key["target_id"]),
        "run_id": run.id,
        "run_number": run.number,
        "version": run.version,
        "verdict": judged.verdict,
        "cases": counts.cases,
        "passed": counts.passed,
        "counts": json.dumps(asdict(counts), ensure_ascii=False),
        "cost": tally.cost if counts.answered else None,
        "latency_ms": _median_latency(conn, run.id, key["target_id"]),
        "updated_at": run.ended_at or now_us(),
    }
    if before is None:
        conn.execute(test_cell.insert().values(**key, **values))
    else:
        conn.execute(update(test_cell).where(here).values(**values))


def _target(told: Mapping[str, Any]) -> Target:
    """A target as the run noted it: as much as its catalogue entry depends on."""
    return Target(
        id=str(told["id"]),
        name=str(told["name"]),
        provider=str(told["provider"]),
        model=str(told["model"]),
        catalogue_id=told.get("catalogue_id"),
        base_url=told.get("base_url"),
    )


def _answered_as(conn: Connection, run_id: str, target_id: str) -> str:
    """The model as the endpoint named it last."""
    r = test_result.c
    found = conn.execute(
        select(r.model)
        .where(
            r.run_id == run_id, r.target_id == target_id, r.state == "done", r.model.is_not(None)
        )
        .order_by(r.ended_at.desc(), r.ordinal.desc())
        .limit(1)
    ).scalar()
    return str(found or "")


def _median_latency(conn: Connection, run_id: str, target_id: str) -> float | None:
    r = test_result.c
    here = (
        r.run_id == run_id,
        r.target_id == target_id,
        r.state == "done",
        r.latency_ms.is_not(None),
    )
    many = conn.execute(select(func.count()).where(*here)).scalar_one()
    if not many:
        return None
    found = conn.execute(
        select(r.latency_ms).where(*here).order_by(r.latency_ms).limit(1).offset((many - 1) // 2)
    ).scalar_one()
    return float(found)


def _prune(conn: Connection, project_id: str, path: str, target_id: str) -> None:
    """Forget the oldest behaviours of a prompt on a target, except what is newest on main or live somewhere."""
    here = (
        test_cell.c.project_id == project_id,
        test_cell.c.path == path,
        test_cell.c.target_id == target_id,
    )
    old = conn.execute(
        select(test_cell.c.behaviour)
        .where(*here)
        .group_by(test_cell.c.behaviour)
        .order_by(func.max(test_cell.c.updated_at).desc())
        .offset(KEPT_BEHAVIOURS)
        .limit(_BATCH)
    ).scalars()
    over = set(old)
    if over:
        over -= _in_use(conn, project_id, path)
    if over:
        conn.execute(delete(test_cell).where(*here, test_cell.c.behaviour.in_(sorted(over))))


def _in_use(conn: Connection, project_id: str, path: str) -> set[str]:
    """The behaviours of the newest version and of those that are live."""
    found = conn.execute(
        select(prompt.c.id, prompt.c.latest, prompt.c.live).where(
            prompt.c.project_id == project_id, prompt.c.path == path
        )
    ).first()
    if found is None:
        return set()
    numbers = {found.latest, *json.loads(found.live or "{}").values()}
    rows = conn.execute(
        select(version.c.behaviour).where(
            version.c.prompt_id == found.id, version.c.number.in_(sorted(numbers))
        )
    ).scalars()
    return {row for row in rows if row}
