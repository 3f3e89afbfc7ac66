"""The rows of `git_object`, `git_commit` and `git_ref`: prepared statements, in batches.

Every function takes the caller's connection, so Git and everything said about it share one transaction.
Owns SQL only; what the rows mean is `view` (reading) and `write` (making).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TypeVar, TypeVarTuple

from sqlalchemy import (
    Connection,
    CursorResult,
    Select,
    bindparam,
    delete,
    exists,
    select,
    text,
    update,
)

from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.registry.git.objects import PreparedBlob
from promptops_server.registry.mirror.tables import mirror
from promptops_server.registry.tables import git_commit, git_object, git_ref

BATCH = 500
"""Object ids in one SELECT."""

T = TypeVar("T")
_Columns = TypeVarTuple("_Columns")


# One of many object ids, by dialect: a single parameter, so that the statement is prepared once. An IN list would be
# rendered anew for each batch, which took half of a clone's time.
_ONE_OF = {
    "sqlite": text("oid IN (SELECT value FROM json_each(:oids))"),
    "postgresql": text("oid = ANY(CAST(:oids AS text[]))"),
}


def _among(rows: Select[*_Columns]) -> dict[str, Select[*_Columns]]:
    return {dialect: rows.where(condition) for dialect, condition in _ONE_OF.items()}


_OBJECTS = _among(
    select(git_object.c.oid, git_object.c.type, git_object.c.size, git_object.c.z).where(
        git_object.c.project_id == bindparam("project")
    )
)
_TYPES = _among(
    select(git_object.c.oid, git_object.c.type).where(
        git_object.c.project_id == bindparam("project")
    )
)
# The first content stored under an id stays: nobody can replace an object by another with the same SHA-1.
_insert_objects = BulkInsert(
    git_object, ("project_id", "oid", "type", "size", "z"), unless=("project_id", "oid")
)
_insert_commits = BulkInsert(
    git_commit,
    ("project_id", "oid", "tree", "parents", "generation", "commit_time"),
    unless=("project_id", "oid"),
)
_COMMIT_COLUMNS = (
    git_commit.c.oid,
    git_commit.c.tree,
    git_commit.c.parents,
    git_commit.c.generation,
    git_commit.c.commit_time,
)
_COMMITS = _among(select(*_COMMIT_COLUMNS).where(git_commit.c.project_id == bindparam("project")))
_COMMIT = select(*_COMMIT_COLUMNS).where(
    git_commit.c.project_id == bindparam("project"), git_commit.c.oid == bindparam("oid")
)
_COMMITS_BY_GENERATION = (
    select(*_COMMIT_COLUMNS)
    .where(
        git_commit.c.project_id == bindparam("project"),
        git_commit.c.generation <= bindparam("high"),
        git_commit.c.generation > bindparam("low"),
    )
    .order_by(git_commit.c.generation.desc())
)
_COMMITS_BETWEEN = (
    select(git_commit.c.oid)
    .where(
        git_commit.c.project_id == bindparam("project"),
        git_commit.c.oid >= bindparam("first"),
        git_commit.c.oid < bindparam("after"),
    )
    .limit(3)
)
_REF = select(git_ref.c.oid).where(
    git_ref.c.project_id == bindparam("project"), git_ref.c.name == bindparam("name")
)
_HEAD_COMMIT = (
    select(*_COMMIT_COLUMNS)
    .join(
        git_ref,
        (git_ref.c.project_id == git_commit.c.project_id) & (git_ref.c.oid == git_commit.c.oid),
    )
    .where(git_ref.c.project_id == bindparam("project"), git_ref.c.name == bindparam("name"))
)
_REFS = select(git_ref.c.name, git_ref.c.oid).where(git_ref.c.project_id == bindparam("project"))
# Asked in the statement that moves the ref: a project without a mirror pays no query for it.
_MIRRORED = (
    exists()
    .where(mirror.c.project_id == bindparam("p"), mirror.c.enabled)
    .correlate(None)
    .label("mirrored")
)
_CREATE_REF = text(
    "INSERT INTO git_ref (project_id, name, oid, updated_at) VALUES (:p, :name, :new, :now)"
    " ON CONFLICT (project_id, name) DO NOTHING"
    " RETURNING EXISTS (SELECT 1 FROM mirror WHERE mirror.project_id = :p AND mirror.enabled)"
)
_MOVE_REF = (
    update(git_ref)
    .where(
        git_ref.c.project_id == bindparam("p"),
        git_ref.c.name == bindparam("n"),
        git_ref.c.oid == bindparam("old"),
    )
    .values(oid=bindparam("new"), updated_at=bindparam("now"))
    .returning(_MIRRORED)
)
_DELETE_REF = (
    delete(git_ref)
    .where(
        git_ref.c.project_id == bindparam("p"),
        git_ref.c.name == bindparam("n"),
        git_ref.c.oid == bindparam("old"),
    )
    .returning(_MIRRORED)
)


class Moved(Enum):
    """What became of a ref."""

    NO = "the ref is not where the caller saw it"
    YES = "moved"
    MIRRORED = "moved, in a project with an enabled mirror"


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A node of the commit graph."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    generation: int
    """One more than the highest of the parents; 1 for a root. So parents always come after children, descending."""
    commit_time: int


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _select(
    conn: Connection, among: dict[str, Select[*_Columns]], project_id: str, oids: list[str]
) -> CursorResult[*_Columns]:
    dialect = conn.dialect.name
    oids.sort()  # neighbours in the index are read one after the other
    given = json.dumps(oids) if dialect == "sqlite" else oids
    return conn.execute(among[dialect], {"project": project_id, "oids": given})


def load_objects(conn: Connection, project_id: str, oids: Iterable[str]) -> Iterator[PreparedBlob]:
    """Those of the objects that are stored, in no particular order, compressed as they lie."""
    for batch in batches(oids):
        for oid, kind, size, z in _select(conn, _OBJECTS, project_id, batch).all():
            yield PreparedBlob(oid, kind, size, z)


def object_types(conn: Connection, project_id: str, oids: Iterable[str]) -> dict[str, int]:
    """The types of those objects that are stored."""
    found: dict[str, int] = {}
    for batch in batches(oids):
        found.update((row.oid, row.type) for row in _select(conn, _TYPES, project_id, batch))
    return found


def insert_objects(conn: Connection, project_id: str, objects: Iterable[PreparedBlob]) -> None:
    """Store objects; those already there are left as they are."""
    _insert_objects(conn, ((project_id, o.oid, o.type, o.size, o.z) for o in objects))


def insert_commits(conn: Connection, project_id: str, rows: Iterable[CommitRow]) -> None:
    """Add nodes to the commit graph."""
    _insert_commits(
        conn,
        (
            (project_id, row.oid, row.tree, " ".join(row.parents), row.generation, row.commit_time)
            for row in rows
        ),
    )


def commit_row(conn: Connection, project_id: str, oid: str) -> CommitRow | None:
    """One node of the commit graph."""
    row = conn.execute(_COMMIT, {"project": project_id, "oid": oid}).first()
    return None if row is None else _commit_row(row)


def commit_rows(conn: Connection, project_id: str, oids: Iterable[str]) -> dict[str, CommitRow]:
    """Those of the commits that are stored."""
    found: dict[str, CommitRow] = {}
    for batch in batches(oids):
        for row in _select(conn, _COMMITS, project_id, batch):
            found[row.oid] = _commit_row(row)
    return found


def commits_by_generation(
    conn: Connection, project_id: str, *, high: int, low: int
) -> list[CommitRow]:
    """Every commit with ``low < generation <= high``, children before parents."""
    rows = conn.execute(
        _COMMITS_BY_GENERATION, {"project": project_id, "high": high, "low": low}
    ).all()
    return [_commit_row(row) for row in rows]


def commits_with_prefix(conn: Connection, project_id: str, prefix: str) -> list[str]:
    """At most three ids that start so."""
    rows = conn.execute(
        _COMMITS_BETWEEN, {"project": project_id, "first": prefix, "after": prefix + "g"}
    )
    return [row.oid for row in rows]


def _commit_row(row: Sequence[object]) -> CommitRow:
    oid, tree, parents, generation, commit_time = row
    return CommitRow(
        str(oid),
        str(tree),
        tuple(str(parents).split()),
        int(str(generation)),
        int(str(commit_time)),
    )


def ref(conn: Connection, project_id: str, name: str) -> str | None:
    """The object a ref points to."""
    return conn.execute(_REF, {"project": project_id, "name": name}).scalar_one_or_none()


def head_commit(conn: Connection, project_id: str, name: str) -> CommitRow | None:
    """The commit a branch points to, in one query."""
    row = conn.execute(_HEAD_COMMIT, {"project": project_id, "name": name}).first()
    return None if row is None else _commit_row(row)


def refs(conn: Connection, project_id: str) -> dict[str, str]:
    """Every ref by its full name, sorted by name."""
    return dict(sorted((row.name, row.oid) for row in conn.execute(_REFS, {"project": project_id})))


def move_ref(
    conn: Connection, project_id: str, name: str, old: str | None, new: str | None, now: int
) -> Moved:
    """Compare and set: create (`old` None), move or delete (`new` None)."""
    if old is None:
        done = conn.execute(_CREATE_REF, {"p": project_id, "name": name, "new": new, "now": now})
    elif new is None:
        done = conn.execute(_DELETE_REF, {"p": project_id, "n": name, "old": old})
    else:
        values = {"p": project_id, "n": name, "old": old, "new": new, "now": now}
        done = conn.execute(_MOVE_REF, values)
    row = done.first()
    if row is None:
        return Moved.NO
    return Moved.MIRRORED if row[0] else Moved.YES
