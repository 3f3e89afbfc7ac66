"""Changing the audit log behind the server's back, as one can who owns the database."""

from __future__ import annotations

from sqlalchemy import text

from promptops_server.infra.database import Database

GUARDED = ("audit_event", "audit_personal", "audit_subtree", "audit_checkpoint", "audit_removed")


def unguard(db: Database) -> None:
    """Drop the triggers that refuse it."""
    with db.write() as tx:
        for table in GUARDED:
            for name in ("kept", "unchanged") if db.is_sqlite else ("kept", "not_emptied"):
                on = "" if db.is_sqlite else f" ON {table}"
                tx.conn.execute(text(f"DROP TRIGGER {table}_{name}{on}"))
