"""Reading stored cells: for a page of prompts those of the wanted content, else the newest there is."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import Connection, and_, func, select, tuple_
from sqlalchemy.engine import Row

from promptops_server.evaluation.matrix.model import Line, StoredCell
from promptops_server.evaluation.model import CellCounts
from promptops_server.evaluation.tables import test_cell

_CHUNK = 300

Place = tuple[str, str]
"""A path and a target's id."""


def cells_of(
    conn: Connection, project_id: str, lines: Sequence[Line], target_ids: Collection[str]
) -> Mapping[Place, Sequence[StoredCell]]:
    """Per prompt and target the cells of the wanted content; where there is none, the newest cell."""
    found: dict[Place, list[StoredCell]] = defaultdict(list)
    targets = sorted(target_ids)
    if not targets:
        return found
    for some in _chunks([line for line in lines if line.behaviour]):
        rows = conn.execute(
            select(test_cell).where(
                test_cell.c.project_id == project_id,
                test_cell.c.path.in_([line.path for line in some]),
                # In pairs: a list of its own would be looked up in every combination.
                tuple_(test_cell.c.path, test_cell.c.behaviour).in_(
                    [(line.path, line.behaviour) for line in some]
                ),
                test_cell.c.target_id.in_(targets),
            )
        )
        for row in rows:
            found[row.path, row.target_id].append(_cell(row))
    without = [
        line.path for line in lines if any((line.path, target) not in found for target in targets)
    ]
    for paths in _chunks(without):
        for row in _newest(conn, project_id, paths, targets):
            if (row.path, row.target_id) not in found:
                found[row.path, row.target_id].append(_cell(row))
    return found


def _newest(
    conn: Connection, project_id: str, paths: Sequence[str], targets: Sequence[str]
) -> Sequence[Row[Any]]:
    last = (
        select(
            test_cell.c.path, test_cell.c.target_id, func.max(test_cell.c.updated_at).label("last")
        )
        .where(
            test_cell.c.project_id == project_id,
            test_cell.c.path.in_(paths),
            test_cell.c.target_id.in_(targets),
        )
        .group_by(test_cell.c.path, test_cell.c.target_id)
        .subquery()
    )
    newest = conn.execute(
        select(test_cell)
        .join(
            last,
            and_(
                test_cell.c.path == last.c.path,
                test_cell.c.target_id == last.c.target_id,
                test_cell.c.updated_at == last.c.last,
            ),
        )
        .where(test_cell.c.project_id == project_id)
        .order_by(test_cell.c.run_number.desc())
    ).all()
    seen: dict[Place, Row[Any]] = {}
    for row in newest:
        seen.setdefault((row.path, row.target_id), row)
    return list(seen.values())


@functools.lru_cache(maxsize=1_000)
def _suites(text: str) -> Mapping[str, str]:
    """Most cells of a page were tested with the same suites."""
    return MappingProxyType(json.loads(text))


def _cell(row: Row[Any]) -> StoredCell:
    return StoredCell(
        path=row.path,
        target_id=row.target_id,
        behaviour=row.behaviour,
        suites=_suites(row.suites),
        catalogue_digest=row.catalogue_digest,
        endpoint=row.target_model,
        model=row.model,
        run=row.run_number,
        version=row.version,
        verdict=row.verdict,
        counts=CellCounts(**orjson.loads(row.counts)),
        cost=row.cost,
        latency_ms=row.latency_ms,
        updated_at=row.updated_at,
    )


def _chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(values), _CHUNK):
        yield list(values[at : at + _CHUNK])
