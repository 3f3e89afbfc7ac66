"""Cancel a redaction that was asked for: its texts are wiped, nothing is changed."""

from __future__ import annotations

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.deps import RedactionDeps
from promptops_server.registry.redaction.model import Redaction
from promptops_server.registry.redaction.other_files import object_kind


def cancel_redaction(
    deps: RedactionDeps, actor: Actor, project: str, redaction_id: str
) -> Redaction:
    """By whoever asked for it, or may approve it.

    Raises:
        NotFound: no such project that this actor may read, or no such request.
        Denied: it is somebody else's, and the actor may not approve redactions.
        Conflict: it has ended.
    """
    require_readable(deps.authorise, actor, project)
    with deps.db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        request = store.get(tx.conn, found, redaction_id)
        here = Resource(project=project, path=request.path)
        may = require(deps.authorise, actor, "redaction:request", here)
        if request.requested_by != actor.subject:
            may = require(deps.authorise, actor, "redaction:approve", Resource(project=project))
        if request.state != "requested":
            raise Conflict(
                f"This redaction is {request.state}.", slug="redaction-ended", current=request.state
            )
        end(tx, actor, found, request, "cancelled", may.rule)
        return store.get(tx.conn, found, redaction_id)


def end(
    tx: Transaction,
    actor: Actor,
    project: Project,
    request: Redaction,
    state: str,
    rule: str | None = None,
) -> None:
    """Close a request without doing it, and wipe its texts. The project lock is held."""
    store.change(
        tx.conn,
        request.id,
        {
            "state": state,
            "texts_sealed": None,
            "ended_by": actor.subject,
            "ended_name": actor.name,
            "ended_at": tx.now,
        },
    )
    record(
        tx,
        AuditEvent(
            action="redaction.cancel" if state == "cancelled" else "redaction.expire",
            object=AuditObject(
                object_kind(tx.conn, project, request.path),
                f"{project.name}/{request.path}",
                None,
                request.fingerprint,
            ),
            actor=actor,
            project=project.name,
            before={"redaction": request.id, "requested_by": request.requested_by},
            after={"state": state},
            rule=rule,
        ),
        project_id=project.id,
    )
