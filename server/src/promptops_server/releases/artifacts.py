"""Compiled artifacts as rows, stored once per digest, and the count of features that live ones need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, insert, select, text

from promptops_server.releases.model import Artifact, Change
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import artifact

_INSERT_ARTIFACT = insert(artifact)
_INSERT_IF_NEW = text(
    "INSERT INTO artifact (digest, project_id, text, requires)"
    " VALUES (:digest, :project_id, :text, :requires)"
    " ON CONFLICT (digest, project_id) DO NOTHING"
)
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
    if len(digests) == 1 and digests[0] in artifacts:
        conn.execute(_INSERT_IF_NEW, _row(project_id, artifacts[digests[0]]))
        return
    stored: set[str] = set()
    for some in chunks(digests):
        stored.update(conn.execute(_STORED, {"project_id": project_id, "digests": some}).scalars())
    fresh = [_row(project_id, artifacts[digest]) for digest in digests if digest not in stored]
    if fresh:
        conn.execute(_INSERT_ARTIFACT, fresh)


def _row(project_id: str, made: Artifact) -> dict[str, str]:
    return {
        "digest": made.digest,
        "project_id": project_id,
        "text": made.text,
        "requires": json.dumps(made.requires),
    }


def required_by(conn: Connection, project_id: str, digests: Sequence[str]) -> dict[str, list[str]]:
    """What those artifacts need that need something, by digest."""
    needed: dict[str, list[str]] = {}
    for some in chunks(sorted({digest for digest in digests if digest})):
        for row in conn.execute(_REQUIRING, {"project_id": project_id, "digests": some}):
            needed[row.digest] = json.loads(row.requires)
    return needed
