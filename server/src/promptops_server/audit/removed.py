"""How much of a log's beginning was removed under retention."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from promptops_server.audit.tables import audit_removed


class Removed(NamedTuple):
    """The first `size` entries are gone; `checkpoint` is the size of a signed one that covers them."""

    size: int
    prev_hash: str
    checkpoint: int
    removed_at: int


def removed(conn: Connection, log_id: str) -> Removed | None:
    """What was removed last of a log, which includes all before; None while it is whole."""
    row = conn.execute(
        select(
            audit_removed.c.size,
            audit_removed.c.prev_hash,
            audit_removed.c.checkpoint,
            audit_removed.c.removed_at,
        )
        .where(audit_removed.c.log_id == log_id)
        .order_by(audit_removed.c.size.desc())
        .limit(1)
    ).first()
    return Removed(*row) if row else None
