"""Approve a redaction, as a second person, and carry it out: one transaction under the project lock, or nothing.

The new history is planned before the lock, on a snapshot, and planned again inside it only if the project changed in
between. What lies outside the database (Redis, freed bytes of the file) is brought after the commit; `upkeep` repeats
that until it has been done.
"""

from __future__ import annotations

from typing import Any

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Decision, Resource, require
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Denied
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.document import forget_project
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.deps import RedactionDeps, unseal
from promptops_server.registry.redaction.find import Planned, find, plan
from promptops_server.registry.redaction.model import Found, Redaction, check_texts
from promptops_server.registry.redaction.other_files import object_kind
from promptops_server.registry.redaction.prompt_rows import redact_prompts
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.redaction.rewrite_store import put_in_place
from promptops_server.registry.redaction.text_rows import redact_rows
from promptops_server.registry.redaction.upkeep import clean


def approve_redaction(
    deps: RedactionDeps, actor: Actor, project: str, redaction_id: str
) -> Redaction:
    """Take the texts out of the project, its whole history and everything made from it.

    Raises:
        NotFound: no such project that this actor may read, or no such request.
        Denied: the actor may not approve, is no person, is the one who asked; or a legal hold stands.
        Conflict: the request has ended, or what is to be redacted is live.
        Invalid: content that came up since then holds the text in a form that was not given.
    """
    require_readable(deps.authorise, actor, project)
    rule = require(deps.authorise, actor, "redaction:approve", Resource(project=project))
    with deps.db.read() as conn:
        found = get_project(conn, project)
        request = store.get(conn, found, redaction_id)
        _may_approve(actor, request)
        deps.hold(conn, found.id)
        texts = unseal(deps.sealer, request.id, store.sealed(conn, request.id))
        replacer = check_texts(texts, request.marker)
        planned = plan(conn, found, replacer)
    with deps.db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        request = store.get(tx.conn, found, redaction_id)
        _may_approve(actor, request)
        deps.hold(tx.conn, found.id)
        touched, planned = find(tx.conn, found, replacer, deps.released, deps.tested, planned)
        _refuse_live(touched)
        done = _carry_out(deps, tx, found, request, replacer, touched, planned)
        _end(tx, actor, found, request, done, rule)
        ended = store.get(tx.conn, found, request.id)
        tx.after_commit(lambda: clean(deps, found.id, ended.id))
    with deps.db.read() as conn:
        return store.get(conn, found, redaction_id)


def _may_approve(actor: Actor, request: Redaction) -> None:
    if request.state != "requested":
        raise Conflict(
            f"This redaction is {request.state}"
            + ("." if request.ended_at is None else f" since {to_text(request.ended_at)}."),
            remedy="Request it again if it is still needed.",
            slug="redaction-ended",
            current=request.state,
        )
    if actor.kind != "person":
        raise Denied(
            f"{actor.name} is a {actor.kind}; a redaction is approved by a person.",
            rule="redaction.person",
            remedy="Let a person approve it.",
        )
    if request.requested_identity == actor.identity or request.requested_by == actor.subject:
        raise Denied(
            f"{actor.name} asked for this redaction; it takes a second person to approve it.",
            rule="redaction.two_persons",
            remedy="Let somebody else who may approve redactions do it.",
        )


def _refuse_live(touched: Found) -> None:
    live = touched.released.live
    if not live:
        return
    named = ", ".join(f"{at.path}@{at.version} in {at.environment}" for at in live[:5])
    raise Conflict(
        f"What is to be redacted is live: {named}{'…' if len(live) > 5 else ''}.",
        remedy="Publish a version without the text there, or suspend it, then approve again. The request stays open.",
        slug="redaction-live",
        live=[
            {"environment": at.environment, "path": at.path, "version": at.version} for at in live
        ],
    )


def _carry_out(
    deps: RedactionDeps,
    tx: Transaction,
    project: Project,
    request: Redaction,
    replacer: Replacer,
    touched: Found,
    planned: Planned,
) -> dict[str, Any]:
    mirrored = put_in_place(tx, project.id, request.id, planned.rewrite)
    redact_prompts(tx, project, touched.versions, planned)
    forget_project(tx, project.id)
    rows = redact_rows(tx.conn, project.id, replacer)
    rows |= deps.tested.redact(tx, project.id, replacer, planned.rewrite.ids)
    deps.released.redact(tx, project, replacer, touched.released, planned.rewrite.ids)
    return {
        **touched.figures(),
        "rows": rows,
        "mirror": "pushed by force" if mirrored else None,
        "heads": {
            name: {"before": old, "after": new}
            for name, (old, new) in sorted(planned.rewrite.refs.items())[:100]
        },
    }


def _end(
    tx: Transaction,
    actor: Actor,
    project: Project,
    request: Redaction,
    done: dict[str, Any],
    rule: Decision,
) -> None:
    store.change(
        tx.conn,
        request.id,
        {
            "state": "done",
            "texts_sealed": None,
            "done": store.json_text(done),
            "ended_by": actor.subject,
            "ended_name": actor.name,
            "ended_at": tx.now,
        },
    )
    record(
        tx,
        AuditEvent(
            action="redaction.approve",
            object=AuditObject(
                object_kind(tx.conn, project, request.path),
                f"{project.name}/{request.path}",
                None if request.version is None else str(request.version),
                request.fingerprint,
            ),
            actor=actor,
            project=project.name,
            before={"redaction": request.id, "requested_by": request.requested_by},
            after=done,
            reason=request.reason,
            ticket=request.ticket,
            rule=rule.rule,
        ),
        project_id=project.id,
    )
