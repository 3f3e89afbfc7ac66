"""Retire a prompt, and bring it back: both by an approver, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from promptops_server.approvals.continuity import (
    TOPIC,
    ContinuityDeps,
    check_said,
    require_decider,
)
from promptops_server.approvals.retirement.read import Retirement, retired_reasons
from promptops_server.approvals.retirement.tables import prompt_retirement
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Decision, Resource
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, NotFound
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import require_readable
from promptops_server.registry.tables import prompt

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def retire(
    deps: ContinuityDeps, actor: Actor, project: Project, path: str, reason: str
) -> Retirement:
    """End the use of a prompt: from now on the gate refuses it. What is live elsewhere than under approval stays.

    Raises:
        Conflict: it is live in an environment that asks for approval, or is retired already.
        Denied: no approver.
        NotFound: there is no such prompt.
    """
    decided, said = _may(deps, actor, project, path, reason)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        known = tx.conn.execute(
            select(prompt.c.id).where(prompt.c.project_id == project.id, prompt.c.path == path)
        ).first()
        if known is None:
            raise NotFound(
                f"There is no prompt {project.name}/{path}.",
                remedy=f"`promptops prompt list {project.name}` lists them.",
                slug="unknown-prompt",
            )
        if retired_reasons(tx.conn, project.id, [path]):
            raise Conflict(f"{project.name}/{path} is retired already.", slug="retired-already")
        places = deps.places.gated(tx.conn, project.id, path)
        if places:
            raise Conflict(
                f"{project.name}/{path} is live in {', '.join(places)}.",
                remedy=f"First `promptops unpublish {project.name}/{path} --in {places[0]}`.",
                slug="still-live",
                current={"environments": list(places)},
            )
        tx.conn.execute(
            insert(prompt_retirement).values(
                id=new_id(),
                project_id=project.id,
                path=path,
                reason=said,
                retired_at=tx.now,
                retired_by=actor.subject,
                retired_name=actor.name,
            )
        )
        _tell(tx, actor, project, path, "retire", said, decided)
        return Retirement(path, said, tx.now, actor.name)


def bring_back(
    deps: ContinuityDeps, actor: Actor, project: Project, path: str, reason: str
) -> None:
    """End a retirement; the prompt may be published again as any other.

    Raises:
        Conflict: it is not retired.
        Denied: no approver.
    """
    decided, said = _may(deps, actor, project, path, reason)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        changed = tx.conn.execute(
            update(prompt_retirement)
            .where(
                prompt_retirement.c.project_id == project.id,
                prompt_retirement.c.path == path,
                prompt_retirement.c.undone_at.is_(None),
            )
            .values(
                undone_at=tx.now,
                undone_by=actor.subject,
                undone_name=actor.name,
                undone_reason=said,
            )
        )
        if changed.rowcount == 0:
            raise Conflict(f"{project.name}/{path} is not retired.", slug="not-retired")
        _tell(tx, actor, project, path, "bring_back", said, decided)


def _may(
    deps: ContinuityDeps, actor: Actor, project: Project, path: str, reason: str
) -> tuple[Decision, str]:
    require_readable(deps.authorise, actor, project.name)
    decided = require_decider(
        deps.authorise,
        actor,
        "prompt:retire",
        Resource(project.name, path=address_path(path)),
        operator_tokens_decide=deps.operator_tokens_decide,
    )
    return decided, check_said("reason", reason, least=3)


def _tell(
    tx: Transaction,
    actor: Actor,
    project: Project,
    path: str,
    verb: str,
    reason: str,
    decided: Decision,
) -> None:
    retired = verb == "retire"
    told = {
        "event": "prompt.retired" if retired else "prompt.brought_back",
        "project": project.name,
        "path": path,
    }
    outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
    record(
        tx,
        AuditEvent(
            action=f"prompt.{verb}",
            object=AuditObject("prompt", f"{project.name}/{path}"),
            actor=actor,
            project=project.name,
            before={"retired": not retired},
            after={"retired": retired},
            reason=reason,
            rule=decided.rule,
        ),
        project_id=project.id,
    )
