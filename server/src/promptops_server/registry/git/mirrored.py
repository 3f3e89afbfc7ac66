"""What a moved ref means to a mirror: a row in the outbox, in the same transaction.

Only projects with an enabled mirror have one written; the statement that moves the ref tells (`store.move_ref`), so
that projects without a mirror pay nothing. What the row starts is `registry.mirror`'s.
"""

from __future__ import annotations

from promptops_server.infra import outbox
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id

TOPIC = "mirror"


def queue_push(tx: Transaction, project_id: str) -> None:
    """The project's mirrors are behind from this commit on."""
    outbox.add(tx.conn, TOPIC, project_id, {"run": new_id()}, tx.now)
