"""Putting a new history in place of the old one: objects, commit graph, refs and tombstones, in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, delete, select, text, update

from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.database import Transaction
from promptops_server.registry.git import store
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.redaction.rewrite import Rewrite
from promptops_server.registry.redaction.tables import redacted_object
from promptops_server.registry.tables import git_commit, git_object

_insert_tombstones = BulkInsert(
    redacted_object,
    ("project_id", "old_oid", "new_oid", "type", "redaction_id"),
    unless=("project_id", "old_oid"),
)
_FOLLOW = (
    update(redacted_object)
    .where(
        redacted_object.c.project_id == bindparam("project"),
        redacted_object.c.new_oid == bindparam("b_old"),
    )
    .values(new_oid=bindparam("b_new"))
)
_ONE_OF = {
    "sqlite": "oid IN (SELECT value FROM json_each(:oids))",
    "postgresql": "oid = ANY(CAST(:oids AS text[]))",
}


def put_in_place(tx: Transaction, project_id: str, redaction_id: str, rewrite: Rewrite) -> bool:
    """Write it. The project lock is held, and the repository is what `rewrite` was made from.

    Returns:
        Whether an enabled mirror is to be pushed.
    """
    conn = tx.conn
    store.insert_objects(conn, project_id, rewrite.objects.values())
    store.insert_commits(conn, project_id, rewrite.commits)
    mirrored = False
    for name, (old, new) in rewrite.refs.items():
        moved = store.move_ref(conn, project_id, name, old, new, tx.now)
        if moved is store.Moved.NO:
            raise RuntimeError(f"{name} moved under the project lock")
        mirrored = mirrored or moved is store.Moved.MIRRORED
    if mirrored:
        queue_push(tx, project_id)
    _bury(tx, project_id, redaction_id, rewrite)
    return mirrored


def _bury(tx: Transaction, project_id: str, redaction_id: str, rewrite: Rewrite) -> None:
    conn = tx.conn
    earlier = conn.execute(
        select(redacted_object.c.old_oid).where(redacted_object.c.project_id == project_id).limit(1)
    ).first()
    if earlier is not None:
        moved = [
            {"project": project_id, "b_old": old, "b_new": new} for old, new in rewrite.ids.items()
        ]
        if moved:
            conn.execute(_FOLLOW, moved)
    _delete(tx, project_id, rewrite.ids)
    _insert_tombstones(
        conn,
        (
            (project_id, old, new, rewrite.kinds[old], redaction_id)
            for old, new in sorted(rewrite.ids.items())
        ),
    )


def _delete(tx: Transaction, project_id: str, ids: Mapping[str, str] | Iterable[str]) -> None:
    dialect = tx.conn.dialect.name
    for some in store.batches(sorted(ids)):
        given = {"project": project_id, "oids": json.dumps(some) if dialect == "sqlite" else some}
        for table in (git_object, git_commit):
            tx.conn.execute(
                delete(table)
                .where(table.c.project_id == bindparam("project"))
                .where(text(_ONE_OF[dialect])),
                given,
            )
