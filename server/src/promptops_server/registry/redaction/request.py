"""Ask for a redaction: what would be touched is found and shown; nothing is changed until somebody else approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.deps import RedactionDeps, seal
from promptops_server.registry.redaction.find import find, require_present
from promptops_server.registry.redaction.model import (
    DEFAULT_MARKER,
    KEEP_US,
    Redaction,
    check_texts,
    check_words,
)
from promptops_server.registry.redaction.other_files import object_kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. `path` is a prompt's, or another file's with its ending. `texts` are never shown, logged or audited."""

    path: str
    texts: Sequence[str] = field(repr=False)
    version: int | None = None
    """The version it was found in; None: any version at the address."""
    marker: str = DEFAULT_MARKER
    reason: str = ""
    ticket: str | None = None


def preview_redaction(
    deps: RedactionDeps, actor: Actor, project: str, wanted: Wanted
) -> dict[str, Any]:
    """What it would touch, in figures and addresses; nothing is kept.

    Raises:
        NotFound: no such project that this actor may read, no such prompt or version.
        Denied: the actor may not ask for redactions here.
        Invalid: the texts or the marker cannot be used, or the texts are not there.
    """
    _may_request(deps, actor, project, wanted.path)
    replacer = check_texts(wanted.texts, wanted.marker)
    with deps.db.read() as conn:
        found = get_project(conn, project)
        require_present(conn, found, wanted.path, wanted.version, replacer)
        return find(conn, found, replacer, deps.released, deps.tested)[0].figures()


def request_redaction(deps: RedactionDeps, actor: Actor, project: str, wanted: Wanted) -> Redaction:
    """Keep the request, its texts sealed, for seven days.

    Raises:
        NotFound, Denied, Invalid: as `preview_redaction`; or the reason is none, or repeats a text.
        Denied: a legal hold keeps the project as it is.
    """
    rule = _may_request(deps, actor, project, wanted.path)
    replacer = check_texts(wanted.texts, wanted.marker)
    reason, ticket = check_words(wanted.reason, wanted.ticket, replacer)
    with deps.db.read() as conn:
        read = get_project(conn, project)
        deps.hold(conn, read.id)
        require_present(conn, read, wanted.path, wanted.version, replacer)
        figures = find(conn, read, replacer, deps.released, deps.tested)[0].figures()
    redaction_id = new_id()
    sealed, fingerprint = seal(deps.sealer, redaction_id, wanted.texts)
    with deps.db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        store.add(
            tx.conn,
            {
                "id": redaction_id,
                "project_id": found.id,
                "state": "requested",
                "path": wanted.path,
                "version": wanted.version,
                "marker": wanted.marker,
                "texts": len(wanted.texts),
                "fingerprint": fingerprint,
                "texts_sealed": sealed,
                "reason": reason,
                "ticket": ticket,
                "found": store.json_text(figures),
                "done": None,
                "requested_by": actor.subject,
                "requested_name": actor.name,
                "requested_identity": actor.identity,
                "requested_at": tx.now,
                "expires_at": tx.now + KEEP_US,
            },
        )
        made = store.get(tx.conn, found, redaction_id)
        record(
            tx,
            AuditEvent(
                action="redaction.request",
                object=AuditObject(
                    object_kind(tx.conn, found, wanted.path),
                    f"{found.name}/{wanted.path}",
                    None if wanted.version is None else str(wanted.version),
                    fingerprint,
                ),
                actor=actor,
                project=found.name,
                after={
                    "redaction": redaction_id,
                    "texts": len(wanted.texts),
                    "marker": wanted.marker,
                    "found": figures,
                },
                reason=reason,
                ticket=ticket,
                rule=rule,
            ),
            project_id=found.id,
        )
        return made


def _may_request(deps: RedactionDeps, actor: Actor, project: str, path: str) -> str:
    require_readable(deps.authorise, actor, project)
    return require(
        deps.authorise, actor, "redaction:request", Resource(project=project, path=path)
    ).rule
