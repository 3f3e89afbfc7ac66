"""Redactions that wait for a second person; `app` shows them as somebody's work."""

from __future__ import annotations

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.registry.model import Project
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.deps import RedactionDeps
from promptops_server.registry.redaction.model import Redaction

MOST = 20
"""Looked at per project, the newest first; `redact list` lists all."""


def waiting_for(
    deps: RedactionDeps, conn: Connection, actor: Actor, project: Project
) -> list[Redaction]:
    """Open requests that this person may approve: not their own, and under whichever account."""
    may = deps.authorise(actor, "redaction:approve", Resource(project=project.name))
    if actor.kind != "person" or not may.allowed:
        return []
    return [
        item
        for item in store.waiting(conn, project, MOST)
        if actor.identity != item.requested_identity and actor.subject != item.requested_by
    ]
