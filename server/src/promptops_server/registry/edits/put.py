"""Put a prompt: one edited file becomes one commit on `main` and the next version of its address.

The author names the version the edit was made from. Another's change to the same prompt in between is a conflict that
shows both; changes to different prompts never meet. Reading, checking and compressing happen before the lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from promptops.format.diff import unified
from promptops.format.names import fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require, require_somewhere
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import (
    BadRequest,
    Conflict,
    Invalid,
    PreconditionRequired,
    TooLarge,
)
from promptops_server.registry import rows
from promptops_server.registry.content import (
    MAX_FILE_BYTES,
    Card,
    Content,
    card_of,
    located,
    read_content,
    with_fragments,
)
from promptops_server.registry.edits.frame import (
    EXTENSION,
    MAX_MESSAGE,
    FileEdit,
    check_message,
    commit_edits,
    locked,
)
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path, twin_error
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import (
    find_version,
    fragment_loader,
    get_version,
    spellings,
    version_text,
)


@dataclass(frozen=True, slots=True)
class Put:
    """What a put did. `changed` is False when the content was the newest version's already."""

    version: Version
    created: bool
    """The address had no file before."""
    changed: bool


@dataclass(frozen=True, slots=True)
class PreparedPut:
    """A put whose file was read and found valid; `put_in` writes it."""

    path: str
    content: Content
    card: Card
    message: str
    """Empty: one is made from the path."""
    parent: int | None


def put_prompt(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    text: str | bytes,
    *,
    message: str | None = None,
    parent: int | None = None,
) -> Put:
    """Write the next version of a prompt.

    Args:
        text: the whole prompt file.
        message: what changed and why, at most 500 characters; without one "Create …" or "Update …" and the path.
        parent: the version the edit was made from; None only for a prompt that does not exist (or is archived).

    Raises:
        NotFound: no such project, or not readable for the actor.
        Denied: the actor may not write here.
        BadRequest, Invalid, TooLarge: path, message or file break a rule; nothing is stored.
        PreconditionRequired: the prompt exists and no parent was given.
        Conflict: `parent` is not the newest version; `current`, `base` and `yours` show all sides.
    """
    prepared = prepare_put(
        db, actor, authorise, project, path, text, message=message, parent=parent
    )
    with locked(db, project) as (tx, (found,)):
        return put_in(tx, actor, found, prepared)


def prepare_put(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    text: str | bytes,
    *,
    message: str | None,
    parent: int | None,
) -> PreparedPut:
    """All of a put that needs no lock: may it be, and is the file valid. Raises as `put_prompt`, Conflict aside."""
    may_put(actor, authorise, project, path)
    address_path(path)
    said = check_message(message)
    content = readable(path, text)
    if content.pending:
        with db.read() as conn:
            found = get_project(conn, project)
            content = with_fragments(content, fragment_loader(conn, found))
        refuse_invalid(path + EXTENSION, content)
    return PreparedPut(path, content, card_of(path, content), said, parent)


def put_in(tx: Transaction, actor: Actor, project: Project, prepared: PreparedPut) -> Put:
    """The put itself, inside the project lock. Raises Conflict, PreconditionRequired, Invalid, BadRequest."""
    path, content = prepared.path, prepared.content
    head = rows.head(tx.conn, project.id, path)
    _check_parent(tx.conn, project, path, head, prepared.parent, content)
    if head is not None and not head.archived and head.blob == content.oid:
        return Put(get_version(tx.conn, project, path), created=False, changed=False)
    if head is None:
        refuse_twins(tx.conn, project.id, path, None)
    created = head is None or head.archived
    verb = "Create" if created else "Update"
    done = commit_edits(
        tx,
        actor,
        project,
        [FileEdit(path, content)],
        {fold(path): head} if head is not None else {},
        message=prepared.message or f"{verb} {path}"[:MAX_MESSAGE],
        cards={path: prepared.card},
    )
    version = done.versions[path]
    record(tx, put_event(actor, version), project_id=project.id)
    return Put(version, created=created, changed=True)


def may_put(actor: Actor, authorise: Authorise, project: str, path: str) -> None:
    """Raises NotFound (not readable) or Denied."""
    require_readable(authorise, actor, project)
    require(authorise, actor, "prompt:write", Resource(project=project, path=path))


def may_put_somewhere(actor: Actor, authorise: Authorise, project: str) -> None:
    """For what belongs to everybody who writes in the project. Raises NotFound (not readable) or Denied."""
    require_readable(authorise, actor, project)
    require_somewhere(authorise, actor, "prompt:write", Resource(project=project))


def put_event(actor: Actor, version: Version, action: str = "prompt.put") -> AuditEvent:
    """The audit event of one new version."""
    parent = version.parent
    return AuditEvent(
        action=action,
        object=AuditObject(
            "prompt",
            f"{version.project}/{version.path}",
            version=str(version.number),
            hash=version.behaviour,
        ),
        actor=actor,
        project=version.project,
        before=None if parent is None else {"version": parent},
        after={
            "version": version.number,
            "commit": version.commit,
            "behaviour": version.behaviour,
            "record": version.record,
        },
        reason=version.message,
    )


def readable(path: str, text: str | bytes) -> Content:
    """A valid prompt file; fragments may still be pending.

    Raises:
        TooLarge: over 1 MB.
        Invalid: with every problem, its file, line, column and key.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(
            f"A prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {len(data):,}.",
            remedy="Pass long texts as inputs, or split the prompt.",
        )
    content = read_content(data)
    refuse_invalid(path + EXTENSION, content)
    return content


def refuse_invalid(file: str, content: Content) -> None:
    """Raises Invalid with the errors of a file that has some."""
    if not content.valid:
        errors = located(file, content.errors)
        first = errors[0]
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise Invalid(
            f"{file}:{first['line']}: {first['message']}{more}.",
            remedy=str(first.get("fix", "")),
            errors=errors,
        )


def refuse_twins(conn: Connection, project_id: str, path: str, head: Head | None) -> None:
    """Raises Invalid when a new address differs only by case from one that exists or existed.

    `head` is the address of this path in any case, if there is one.
    """
    heads = {fold(path): head} if head is not None else {}
    clash = spellings(conn, project_id, heads).clash(path)
    if clash is not None:
        error = twin_error(path + EXTENSION, *clash)
        raise Invalid(
            f"{error['message']}.", remedy=error["fix"], errors=[error], slug="case-twins"
        )


def _check_parent(
    conn: Connection,
    project: Project,
    path: str,
    head: Head | None,
    parent: int | None,
    content: Content,
) -> None:
    if head is not None and head.path != path:
        refuse_twins(conn, project.id, path, head)
    if head is None:
        if parent is not None:
            raise Conflict(
                f"There is no prompt {project.name}/{path}, so it has no version {parent}.",
                remedy="Leave If-Match away to create it.",
                slug="stale-version",
            )
        return
    if parent is None:
        if head.archived or head.blob == content.oid:
            return
        raise PreconditionRequired(
            f"{project.name}/{path} exists; its newest version is {head.latest}.",
            remedy=f'Read it, then send If-Match: "v{head.latest}" with your change.',
            latest=head.latest,
        )
    if parent != head.latest:
        raise _stale(conn, project, path, head, parent, content)


def _stale(
    conn: Connection, project: Project, path: str, head: Head, parent: int, content: Content
) -> Conflict:
    """Shows the newest version, the one the edit was made from, and the edit."""
    current = get_version(conn, project, path, head.latest)
    theirs = version_text(conn, project.id, current)
    base = find_version(conn, project, path, parent)
    if base is None:
        raise BadRequest(
            f"{project.name}/{path} has no version {parent}; its newest is {head.latest}.",
            slug="unknown-version",
        )
    label = f"{path}@{current.number}"
    return Conflict(
        f"{project.name}/{path} is at version {current.number} now, by {current.author_name}; "
        f"your change was made from version {parent}.",
        remedy=f'Take over what you need, then send it with If-Match: "v{current.number}".',
        slug="stale-version",
        current=_side(current, theirs),
        base=_side(base, version_text(conn, project.id, base)),
        yours={"content": content.text},
        diff=unified(theirs, content.text, label, f"{path} (yours)"),
    )


def _side(version: Version, text: str) -> Mapping[str, Any]:
    return {
        "version": version.number,
        "author": version.author_name,
        "created_at": to_text(version.created_at),
        "message": version.message,
        "content": text,
    }
