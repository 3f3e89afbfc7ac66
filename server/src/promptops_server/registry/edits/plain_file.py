"""A file that is no prompt, such as defaults or a suite, written without Git: one commit on `main` that makes no version.

Owns the commit, and the refusal of a change that was made from another text. What may stand in the file, who may write
it, and its audit event belong to the kinds of files.
"""

from __future__ import annotations

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, PreconditionRequired
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import PreparedBlob
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.model import Project
from promptops_server.registry.record import author_of

NO_FILE = "none"
"""The entity tag of a file that is not there."""


def commit_file(
    tx: Transaction,
    actor: Actor,
    project: Project,
    path: str,
    blob: PreparedBlob | None,
    message: str,
) -> str:
    """Set the file at the head of `main`, or remove it; returns the commit's id. The project lock is held."""
    commit = commit_blobs(
        tx,
        project.id,
        ref=MAIN,
        parent=read.head_commit(tx.conn, project.id, MAIN),
        changes={path: blob},
        author=author_of(tx.conn, actor),
        message=message,
    )
    return commit.oid


def refuse_stale(where: str, blob: str | None, text: str, base: str | None, *, slug: str) -> None:
    """Refuse a change that was not made from the file as it is now.

    Args:
        where: the file's name, for sentences.
        blob: what it is now; None where there is none.
        text: what stands in it now.
        base: the entity tag of what the change was made from; None only where there is no file.

    Raises:
        PreconditionRequired: there is a file, and no base was given.
        Conflict: the file is not as it was.
    """
    tag = blob or NO_FILE
    if base is None and blob is not None:
        raise PreconditionRequired(
            f"{where} exists.", remedy=f'Read it, then send If-Match: "{tag}" with your change.'
        )
    if base is not None and base != tag:
        raise Conflict(
            f"{where} is not as it was when your change was made.",
            remedy="Read it again and repeat the change.",
            slug=slug,
            current={"tag": tag, "content": text},
        )
