"""Documentation of versions: read where it was worked out before, worked out where not, and kept.

Callers read with `documentation_of` before a lock and keep what was missing with `store_documentation` once they write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_

from promptops.format.record import RULES, Finding
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.courtesy import Courtesy
from promptops_server.infra.database import Transaction
from promptops_server.registry.git import read
from promptops_server.registry.git.store import batches
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.documentation import Documentation, documentation
from promptops_server.registry.records.read import RecordReader
from promptops_server.registry.records.tables import version_documentation as table
from promptops_server.registry.tables import version

Key = tuple[str, int]
"""Path and number of a version."""

_BATCH = 200
_OF = tuple_(version.c.prompt_id, version.c.number).in_(bindparam("versions", expanding=True))
_FOUND = (
    select(version.c.prompt_id, version.c.number, table)
    .join(table, table.c.version_id == version.c.id)
    .where(_OF, table.c.rules == RULES)
)
_IDS = select(version.c.prompt_id, version.c.number, version.c.id).where(_OF)
_COLUMNS = (
    *("version_id", "project_id", "rules", "digest", "tier", "tier_missing", "residual_tier"),
    *("complete", "findings", "not_applicable", "use_case", "owner", "backup", "decision_role"),
    *("review_due", "sectors"),
)
_INSERT = BulkInsert(table, _COLUMNS, unless=("version_id",))
_OUTDATED = delete(table).where(
    table.c.version_id.in_(bindparam("ids", expanding=True)), table.c.rules != RULES
)
_FORGET = delete(table).where(table.c.version_id.in_(bindparam("ids", expanding=True)))


def documentation_of(
    conn: Connection, project: Project, versions: Sequence[Version]
) -> dict[Key, Documentation | None]:
    """The documentation of these versions by path and number; None for an invalid file."""
    found: dict[Key, Documentation | None] = {}
    missing: list[Version] = []
    for batch in batches(versions, _BATCH):
        rows = {
            (row.prompt_id, row.number): _of_row(row)
            for row in conn.execute(_FOUND, {"versions": _keys(batch)})
        }
        for one in batch:
            known = rows.get((one.prompt_id, one.number))
            if known is None and one.valid:
                missing.append(one)
            found[one.path, one.number] = known
    found.update(work_out(conn, project, missing))
    return found


def work_out(
    conn: Connection, project: Project, versions: Iterable[Version]
) -> dict[Key, Documentation | None]:
    """The same, from the repository alone."""
    found: dict[Key, Documentation | None] = {}
    reader, courtesy = RecordReader(conn, project), Courtesy()
    for batch in batches(versions, _BATCH):
        reader.defaults.load((one.commit, one.path) for one in batch)
        data = read.blobs(conn, project.id, {one.blob for one in batch})
        for one in batch:
            courtesy()
            judged = reader.judge(one.path, data[one.blob], one.commit)
            found[one.path, one.number] = (
                None if judged is None else documentation(*judged, one.created_at)
            )
    return found


def store_documentation(
    tx: Transaction,
    project: Project,
    versions: Sequence[Version],
    documented: Mapping[Key, Documentation | None],
) -> None:
    """Keep what is not kept yet. Rows of these rules stay as they are; those of others are replaced."""
    for batch in batches(versions, _BATCH):
        ids = {
            (row.prompt_id, row.number): row.id
            for row in tx.conn.execute(_IDS, {"versions": _keys(batch)})
        }
        rows = [
            _row(ids[one.prompt_id, one.number], project.id, known)
            for one in batch
            if (known := documented.get((one.path, one.number))) is not None
            and (one.prompt_id, one.number) in ids
        ]
        if rows:
            tx.conn.execute(_OUTDATED, {"ids": [row[0] for row in rows]})
            _INSERT(tx.conn, rows)


def forget_documentation(tx: Transaction, version_ids: Iterable[int]) -> None:
    """Drop it, for versions whose content was taken out: it quotes the record."""
    for batch in batches(version_ids, _BATCH):
        tx.conn.execute(_FORGET, {"ids": batch})


def forget_project(tx: Transaction, project_id: str) -> None:
    """Drop that of all versions of a project: a text that stood in defaults is quoted by versions that never held it."""
    tx.conn.execute(delete(table).where(table.c.project_id == project_id))


def _keys(versions: Iterable[Version]) -> list[tuple[int, int]]:
    return [(one.prompt_id, one.number) for one in versions]


def _row(version_id: int, project_id: str, known: Documentation) -> tuple[Any, ...]:
    return (
        version_id,
        project_id,
        RULES,
        known.digest,
        known.tier,
        json.dumps(known.tier_missing),
        known.residual_tier,
        known.complete,
        json.dumps([finding.to_json() for finding in known.findings]),
        json.dumps(dict(known.not_applicable)),
        known.use_case,
        known.owner,
        known.backup,
        known.decision_role,
        None if known.review_due is None else known.review_due.isoformat(),
        json.dumps(known.sectors),
    )


def _of_row(row: Row[*tuple[Any, ...]]) -> Documentation:
    return Documentation(
        digest=row.digest,
        tier=row.tier,
        tier_missing=tuple(json.loads(row.tier_missing)),
        complete=row.complete,
        findings=tuple(_finding(said) for said in json.loads(row.findings)),
        not_applicable=json.loads(row.not_applicable),
        residual_tier=row.residual_tier,
        owner=row.owner,
        backup=row.backup,
        review_due=None if row.review_due is None else date.fromisoformat(row.review_due),
        sectors=tuple(json.loads(row.sectors)),
        decision_role=row.decision_role,
        use_case=row.use_case,
    )


def _finding(said: Mapping[str, Any]) -> Finding:
    return Finding(
        id=said["id"],
        key=said["key"],
        code=said["code"],
        message=said["message"],
        fix=said["fix"],
        severity=said["severity"],
        file=said["file"] or "",
        line=said["line"] or 0,
        column=said["column"] or 0,
    )
