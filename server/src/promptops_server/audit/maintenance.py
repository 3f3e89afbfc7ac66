"""The one way past the triggers that keep the log append-only: erasing a person, and retention.

On PostgreSQL the server's own role may not do this at all; the database given here is then opened with
`database.maintenance_url`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, insert
from sqlalchemy.exc import DBAPIError

from promptops_server.audit.tables import audit_maintenance
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Unavailable


@contextmanager
def opened(db: Database) -> Iterator[Transaction]:
    """A write transaction that may delete from the audit tables.

    Raises:
        Unavailable: this database role may not; `database.maintenance_url` names one that may.
    """
    try:
        with db.write() as tx:
            mark = new_id()
            tx.conn.execute(insert(audit_maintenance), {"id": mark})
            yield tx
            tx.conn.execute(delete(audit_maintenance).where(audit_maintenance.c.id == mark))
    except DBAPIError as error:
        if "permission denied" not in str(error.orig):
            raise
        raise Unavailable(
            "The server's database role may not change the audit log.",
            remedy="Set database.maintenance_url to a role that may; waiting erasures are then carried out.",
        ) from error
