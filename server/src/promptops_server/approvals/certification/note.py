"""Note what becomes live, returns or goes where approval is asked; called in the release's own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.model import (
    PRODUCT,
    RETURN_US,
    Cadence,
    Published,
    due_at,
)
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id


def note_release(
    tx: Transaction,
    project_id: str,
    environment_id: str,
    published: Sequence[Published],
    *,
    cadence: Cadence = PRODUCT,
) -> list[Published]:
    """Start the review date of each; of a publish and of a rollback alike.

    Content that was certified here later than it was approved keeps that date. What has no approval, or whose date has
    passed already, is live all the same (a rollback, an emergency): its review is due in 72 hours, as an item that
    blocks nothing. Those are returned, to be flagged.
    """
    paths = [item.path for item in published]
    certified = store.standing(tx.conn, environment_id, paths)
    store.end(tx.conn, environment_id, paths, "replaced", tx.now)
    rows = []
    flagged = []
    for item in published:
        earlier = certified.get((item.path, item.behaviour, item.record))
        known = [at for at in (item.approved_at, earlier) if at is not None]
        since = max(known, default=None)
        # The record's date speaks of the first approval; a certification since has moved past it.
        named = item.review_due if since is None or since == item.approved_at else None
        due = None if since is None else due_at(since, item.tier, named, cadence)
        returned = due is None or due <= tx.now
        if returned:
            flagged.append(item)
        rows.append(
            {
                "id": new_id(),
                "project_id": project_id,
                "environment_id": environment_id,
                "path": item.path,
                "version": item.version,
                "behaviour": item.behaviour,
                "record": item.record,
                "tier": item.tier,
                "cause": "returned" if returned else "periodic",
                "approved_at": since,
                "review_due": item.review_due,
                "due_at": tx.now + RETURN_US if due is None or returned else due,
                "started_at": tx.now,
            }
        )
    store.add(tx.conn, rows)
    return flagged


def note_gone(tx: Transaction, environment_id: str, paths: Sequence[str]) -> None:
    """What is unpublished or suspended needs no review while it is not live."""
    store.end(tx.conn, environment_id, paths, "gone", tx.now)
