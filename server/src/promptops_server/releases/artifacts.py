"""Compiled artifacts as rows, stored once per digest, and the count of features that live ones need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, insert, select

from promptops_server.releases.model import Artifact, Change
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import artifact

_INSERT_ARTIFACT = insert(artifact)
_STORED = select(artifact.c.digest).where(
    artifact.c.project_id == bindparam("project_id"),
    artifact.c.digest.in_(bindparam("digests", expanding=True)),
)
_REQUIRING = select(artifact.c.digest, artifact.c.requires).where(
    artifact.c.project_id == bindparam("project_id"),
    artifact.c.digest.in_(bindparam("digests", expanding=True)),
    artifact.c.requires != "[]",
)


def count_features(
    counts: Mapping[str, int],
    *,
    gone: Iterable[Sequence[str]],
    come: Iterable[Sequence[str]],
) -> dict[str, int]:
    """How many live artifacts need each feature, after some went and some came; zeros are left out."""
    after = Counter(dict(counts))
    for needed in gone:
        after.subtract(needed)
    for needed in come:
        after.update(needed)
    return {name: after[name] for name in sorted(after) if after[name] > 0}


def store_artifacts(
    conn: Connection,
    project_id: str,
    changes: Sequence[Change],
    artifacts: Mapping[str, Artifact],
) -> None:
    """Store the artifacts of what goes live, except those that are stored already."""
    digests = sorted({change.digest for change in changes if change.digest})
    stored: set[str] = set()
    for some in chunks(digests):
        stored.update(conn.execute(_STORED, {"project_id": project_id, "digests": some}).scalars())
    fresh = [
        {
            "digest": digest,
            "project_id": project_id,
            "text": artifacts[digest].text,
            "requires": json.dumps(artifacts[digest].requires),
        }
        for digest in digests
        if digest not in stored
    ]
    if fresh:
        conn.execute(_INSERT_ARTIFACT, fresh)


def required_by(conn: Connection, project_id: str, digests: Sequence[str]) -> list[list[str]]:
    """What each artifact needs, one item per digest given (two entries may share one artifact)."""
    wanted = Counter(digest for digest in digests if digest)
    needed: list[list[str]] = []
    for some in chunks(sorted(wanted)):
        for row in conn.execute(_REQUIRING, {"project_id": project_id, "digests": some}):
            needed.extend([json.loads(row.requires)] * wanted[row.digest])
    return needed
