"""What reading the suites of a version gave, as a row beside the version: looked up, stored, forgotten.

A row holds only while `known_by` is what the caller works out now; so nothing has to tell it of changes. It repeats what
files say and is no change of its own, so that no audit event is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import Connection, delete, insert, select, tuple_

from promptops_server.evaluation.tables import suite_reading
from promptops_server.infra.database import Transaction
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.tables import prompt, version

_CHUNK: Final = 300
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Subject:
    """A version whose suites are asked for, and the row there is for it; both None without one."""

    prompt_id: int
    path: str
    number: int
    blob: str
    behaviour: str | None
    known_by: str | None
    stored: str | None

    def suites(self, known_by: str) -> Mapping[str, str] | None:
        """Name to digest, None unless the row was read from the same."""
        if self.stored is None or self.known_by != known_by:
            return None
        found: dict[str, str] = json.loads(self.stored)
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be stored: the suites of a version, name to digest, as read from this blob."""

    prompt_id: int
    number: int
    blob: str
    known_by: str
    suites: Mapping[str, str]


def subjects(
    conn: Connection, project_id: str, prompts: Sequence[tuple[str, int]]
) -> list[Subject]:
    """Versions given by path and number, each with its row; unknown ones are left out."""
    found: list[Subject] = []
    for some in _chunks(prompts):
        rows = conn.execute(
            select(
                prompt.c.id,
                prompt.c.path,
                version.c.number,
                version.c.blob_oid,
                version.c.behaviour,
                suite_reading.c.known_by,
                suite_reading.c.suites,
            )
            .join(version, version.c.prompt_id == prompt.c.id)
            .outerjoin(
                suite_reading,
                (suite_reading.c.prompt_id == version.c.prompt_id)
                & (suite_reading.c.number == version.c.number),
            )
            .where(
                prompt.c.project_id == project_id,
                prompt.c.path.in_([path for path, _ in some]),
                tuple_(prompt.c.path, version.c.number).in_(some),
            )
        )
        found.extend(Subject(*row) for row in rows)
    return found


def store_readings(tx: Transaction, project_id: str, readings: Sequence[Reading]) -> None:
    """Store readings, in place of older ones of the same versions; takes the project's lock.

    A version that a redaction gave other content in the meantime is left out.
    """
    lock_project(tx.conn, project_id)
    for some in _chunks(readings):
        keys = [(one.prompt_id, one.number) for one in some]
        now = {
            (row.prompt_id, row.number): row.blob_oid
            for row in tx.conn.execute(
                select(version.c.prompt_id, version.c.number, version.c.blob_oid).where(
                    tuple_(version.c.prompt_id, version.c.number).in_(keys)
                )
            )
        }
        row = tuple_(suite_reading.c.prompt_id, suite_reading.c.number)
        tx.conn.execute(delete(suite_reading).where(row.in_(keys)))
        rows = {
            (one.prompt_id, one.number): {
                "prompt_id": one.prompt_id,
                "number": one.number,
                "project_id": project_id,
                "known_by": one.known_by,
                "suites": json.dumps(dict(one.suites), ensure_ascii=False),
            }
            for one in some
            if now.get((one.prompt_id, one.number)) == one.blob
        }
        if rows:
            tx.conn.execute(insert(suite_reading), list(rows.values()))


def forget_readings(conn: Connection, project_id: str) -> None:
    """Remove the rows of a project; they are made again when they are next wanted."""
    conn.execute(delete(suite_reading).where(suite_reading.c.project_id == project_id))


def _chunks(values: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for at in range(0, len(values), _CHUNK):
        yield values[at : at + _CHUNK]
