"""What the workflow leaves in the outbox, in the change's own transaction: for notifications, and for live pages."""

from __future__ import annotations

from promptops_server.approvals.workflow.store import RequestRow
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.registry.model import Project

TOPIC = "review"


def announce(tx: Transaction, project: Project, row: RequestRow, what: str, actor: Actor) -> None:
    """Note that something happened to a request: ``requested``, a verdict, or ``commented``."""
    outbox.add(
        tx.conn,
        TOPIC,
        project.id,
        {
            "what": what,
            "project": project.name,
            "request": row.number,
            "path": row.path,
            "version": row.version,
            "state": row.state,
            "tier": row.request.binding.tier,
            "by": actor.subject,
            "asked": list(row.asked),
        },
        tx.now,
        announce=True,
    )
