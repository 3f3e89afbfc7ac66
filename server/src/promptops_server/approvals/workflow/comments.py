"""Comments on a request: threads on lines of the prompt file, suggestions, resolving and applying them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from promptops_server import audit
from promptops_server.access.users import names_of
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.approvals.workflow.events import announce
from promptops_server.approvals.workflow.ports import Keep, WorkflowDeps, keep_nothing
from promptops_server.approvals.workflow.tables import review_comment
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Denied, Invalid, NotFound
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.put import Put, put_prompt
from promptops_server.registry.model import Project
from promptops_server.registry.projects import require_readable
from promptops_server.registry.versions import get_version, version_text

MAX_BODY = 10_000


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `thread` is the id of the one that began its thread. `line` counts from 1."""

    id: str
    thread: str
    line: int | None
    body: str
    suggestion: str | None
    subject: str
    name: str
    at: int
    resolved_at: int | None
    resolved_by: str | None


def add_comment(
    deps: WorkflowDeps,
    actor: Actor,
    project: Project,
    number: int,
    body: str,
    *,
    line: int | None = None,
    reply_to: str | None = None,
    suggestion: str | None = None,
    keep: Keep[Comment] = keep_nothing,
) -> Comment:
    """Say something about a request, about one line of its file, or in reply.

    Raises:
        NotFound: no such request, or no such comment to reply to.
        Denied: the actor may not comment here.
        Invalid: the text is empty, the line is not in the file, or a suggestion names no line.
    """
    rule = _may(deps, actor, project, number)
    if not body.strip() and suggestion is None:
        raise Invalid("The comment is empty.", remedy="Say something.", slug="comment")
    if suggestion is not None and line is None and reply_to is None:
        raise Invalid(
            "A suggestion replaces a line; none is named.", remedy="Give `line`.", slug="comment"
        )
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        row = store.get_request(tx.conn, project.id, number)
        thread = None
        if reply_to is not None:
            first = _get(tx.conn, row, reply_to)
            thread, line = first.thread, first.line if line is None else line
        if line is not None:
            version = get_version(tx.conn, project, row.path, row.version)
            lines = version_text(tx.conn, project.id, version).count("\n") + 1
            if not 1 <= line <= lines:
                raise Invalid(
                    f"{version.address} has {lines} lines; there is no line {line}.", slug="comment"
                )
        comment_id = new_id()
        made = Comment(
            comment_id,
            thread or comment_id,
            line,
            body.strip(),
            suggestion,
            actor.subject,
            actor.name,
            tx.now,
            None,
            None,
        )
        tx.conn.execute(
            insert(review_comment).values(
                id=made.id,
                request_id=row.id,
                project_id=project.id,
                thread=made.thread,
                line=made.line,
                body=made.body,
                suggestion=made.suggestion,
                subject=made.subject,
                at=made.at,
            )
        )
        announce(tx, project, row, "commented", actor)
        _record(tx, actor, project, row, "review.comment", made.id, {"line": line}, rule)
        keep(tx, made)
        tx.after_commit(deps.wake)
    return made


def resolve_comment(
    deps: WorkflowDeps, actor: Actor, project: Project, number: int, comment_id: str, resolved: bool
) -> Comment:
    """Mark a thread as settled, or open it again.

    Raises:
        NotFound: no such comment.
    """
    rule = _may(deps, actor, project, number)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        row = store.get_request(tx.conn, project.id, number)
        found = _get(tx.conn, row, comment_id)
        tx.conn.execute(
            update(review_comment)
            .where(review_comment.c.request_id == row.id, review_comment.c.thread == found.thread)
            .values(
                resolved_at=tx.now if resolved else None,
                resolved_by=actor.subject if resolved else None,
            )
        )
        what = "review.comment_resolve" if resolved else "review.comment_reopen"
        _record(tx, actor, project, row, what, found.id, {}, rule)
        return _get(tx.conn, row, comment_id)


def apply_suggestion(
    deps: WorkflowDeps, actor: Actor, project: Project, number: int, comment_id: str
) -> Put:
    """Make a new version with the suggested line; the new content needs a request of its own.

    Raises:
        NotNow: the prompt has a newer version than the one commented on.
        Invalid: the comment suggests nothing, or the line makes the file invalid.
    """
    _may(deps, actor, project, number)
    with deps.db.read() as conn:
        row = store.get_request(conn, project.id, number)
        found = _get(conn, row, comment_id)
        version = get_version(conn, project, row.path, row.version)
        text = version_text(conn, project.id, version)
    if found.suggestion is None or found.line is None:
        raise Invalid("This comment suggests no line.", slug="comment")
    if version.latest != version.number:
        raise NotNow(
            f"{row.path} has version {version.latest} by now; the suggestion is about version {version.number}.",
            remedy="Make the change by hand.",
            slug="newer-version",
            current={"version": version.latest},
        )
    lines = text.split("\n")
    ending = "\r" if lines[found.line - 1].endswith("\r") else ""
    lines[found.line - 1] = found.suggestion.rstrip("\r\n") + ending
    return put_prompt(
        deps.db,
        actor,
        deps.authorise,
        project.name,
        row.path,
        "\n".join(lines),
        message=f"Apply a suggestion of review #{row.number}",
        parent=version.number,
    )


def list_comments(
    conn: Connection, request_id: str, *, limit: int, after: str | None
) -> cursor.Page[Comment]:
    """Comments of a request, oldest first."""
    query = select(review_comment).where(review_comment.c.request_id == request_id)
    if after is not None:
        at, last = cursor.decode(after, int, str)
        query = query.where(
            (review_comment.c.at > at)
            | ((review_comment.c.at == at) & (review_comment.c.id > last))
        )
    rows = conn.execute(
        query.order_by(review_comment.c.at, review_comment.c.id).limit(limit + 1)
    ).all()
    names = names_of(conn, {row.subject for row in rows})
    items = [_comment(row, names.get(row.subject, row.subject)) for row in rows]
    return cursor.page(items, limit, lambda c: (c.at, c.id))


def _may(deps: WorkflowDeps, actor: Actor, project: Project, number: int) -> str:
    require_readable(deps.authorise, actor, project.name)
    with deps.db.read() as conn:
        row = store.get_request(conn, project.id, number)
    where = Resource(project=project.name, path=row.path)
    rule = require(deps.authorise, actor, "review:comment", where).rule
    if actor.kind == "system":
        raise Denied("The server does not comment.", rule="review.people")
    return rule


def _get(conn: Connection, row: store.RequestRow, comment_id: str) -> Comment:
    found = conn.execute(
        select(review_comment).where(
            review_comment.c.request_id == row.id, review_comment.c.id == comment_id
        )
    ).first()
    if found is None:
        raise NotFound(f"Request #{row.number} has no comment {comment_id}.")
    names = names_of(conn, {found.subject})
    return _comment(found, names.get(found.subject, found.subject))


def _comment(row: Any, name: str) -> Comment:
    return Comment(
        row.id,
        row.thread,
        row.line,
        row.body,
        row.suggestion,
        row.subject,
        name,
        row.at,
        row.resolved_at,
        row.resolved_by,
    )


def _record(
    tx: Transaction,
    actor: Actor,
    project: Project,
    row: store.RequestRow,
    action: str,
    comment_id: str,
    more: dict[str, Any],
    rule: str,
) -> None:
    audit.record(
        tx,
        audit.AuditEvent(
            action,
            audit.AuditObject("prompt", f"{project.name}/{row.path}", str(row.version)),
            actor,
            project=project.name,
            after={"request": row.number, "comment": comment_id, **more},
            tier=row.request.binding.tier,
            rule=rule,
        ),
        project_id=project.id,
    )
