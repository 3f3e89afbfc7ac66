"""Keeping that the database was found to be an old copy of itself; `infra.set_back` says what follows from it."""

from __future__ import annotations

from promptops_server.audit.model import AuditEvent, AuditObject
from promptops_server.audit.record import record
from promptops_server.infra import set_back
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database


def tell_set_back(db: Database, found: str) -> None:
    """Have every server and worker refuse changes until an operator decides; with an audit event, once.

    Raises:
        Unavailable: the database did not answer.
    """
    with db.read() as conn:
        if set_back.noted(conn):
            return
    with db.write() as tx:
        installation = set_back.note_set_back(tx.conn, found)
        if installation is not None:
            of = AuditObject("installation", installation)
            record(tx, AuditEvent("installation.set_back", of, SYSTEM, reason=found))
