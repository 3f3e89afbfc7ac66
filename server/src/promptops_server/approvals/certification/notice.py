"""Notice dates that come near or have passed: told once each, by whichever process looks first.

At high tier a review that is overdue also asks approvers whether what is live is to be suspended; the server does not
decide that by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.model import DAY_US, PRODUCT, Cadence, Due
from promptops_server.approvals.continuity import TOPIC
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project_by_id

LOOK_SECONDS = 600.0
"""How often to look."""
BATCH = 200


def notice_dues(
    db: Database, *, cadence: Cadence = PRODUCT, clock: Callable[[], int] = now_us
) -> int:
    """Tell what is new; returns how many rows were noted.

    Raises:
        Unavailable: the database is down.
    """
    noted = 0
    while True:
        now = clock()
        with db.read() as conn:
            waiting = store.to_notice(conn, now, cadence.warn_days * DAY_US, BATCH)
        if not waiting:
            return noted
        by_project: dict[str, list[str]] = defaultdict(list)
        for due in waiting:
            by_project[due.project_id].append(due.id)
        for project_id, ids in by_project.items():
            with db.write() as tx:
                lock_project(tx.conn, project_id)
                # Read again under the lock: another process may have told them, or a release replaced them.
                fresh = store.still_to_notice(tx.conn, ids, now, cadence.warn_days * DAY_US)
                _note(tx, project_id, fresh, now)
                noted += len(fresh)


def _note(tx: Transaction, project_id: str, dues: list[Due], now: int) -> None:
    if not dues:
        return
    project = get_project_by_id(tx.conn, project_id).name
    overdue = [due for due in dues if due.due_at <= now]
    asks = [due for due in overdue if due.tier in (None, "high") and due.cause == "periodic"]
    store.change(tx.conn, [d.id for d in dues if d.warned_at is None], warned_at=now)
    store.change(tx.conn, [d.id for d in overdue], overdue_at=now)
    store.change(tx.conn, [d.id for d in asks], suspension="asked")
    asked = {due.id for due in asks}
    for due in dues:
        told = {
            "event": "certification.overdue" if due.due_at <= now else "certification.due",
            "project": project,
            "path": due.path,
            "environment_id": due.environment_id,
            "due_at": to_text(due.due_at),
            "suspension_asked": due.id in asked,
        }
        outbox.add(tx.conn, TOPIC, project_id, told, tx.now)
    for action, some in (
        ("certification.overdue", overdue),
        ("certification.warn", [due for due in dues if due.due_at > now]),
    ):
        if some:
            record(
                tx,
                AuditEvent(
                    action=action,
                    object=AuditObject("project", project),
                    actor=SYSTEM,
                    project=project,
                    after={
                        "prompts": {f"{d.path}@{d.version}": to_text(d.due_at) for d in some},
                        "suspension_asked": [d.path for d in some if d.id in asked],
                    },
                ),
                project_id=project_id,
            )
