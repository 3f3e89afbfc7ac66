"""The branch `env/NAME`: a commit per release, whose tree holds exactly the files that are live.

Owns the commit's message and author and which files a change touches. Leaves objects and refs to `registry.git`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from promptops.format.names import file_path_of
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import NotFound
from promptops_server.registry.git.read import head_commit
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.record import author_of
from promptops_server.releases.model import Change, Environment
from promptops_server.releases.rows import AnyRow


def newest_commit(conn: Connection, environment: Environment) -> CommitRow:
    """The commit of the newest release.

    Raises:
        NotFound: the branch is gone, which nothing here can bring about.
    """
    found = head_commit(conn, environment.project_id, environment.branch)
    if found is None:
        raise NotFound(
            f"The branch of environment {environment.name} is missing.",
            remedy="Run `promptops-server doctor`.",
            slug="branch-missing",
        )
    return found


def commit_changes(
    tx: Transaction,
    environment: Environment,
    changes: Iterable[Change],
    before: Mapping[str, AnyRow],
    *,
    actor: Actor,
    kind: str,
    reason: str,
    ticket: str | None,
    trailers: tuple[str, ...] = (),
) -> str:
    """Commit the changes on the environment's head; returns the commit's id.

    `before` holds the rows in force at the changed paths.
    """
    return commit_blobs(
        tx,
        environment.project_id,
        ref=environment.branch,
        parent=newest_commit(tx.conn, environment),
        changes=file_changes(changes, before),
        author=author_of(tx.conn, actor),
        message=message_of(environment.head + 1, kind, actor, reason, ticket, trailers),
    ).oid


def file_changes(changes: Iterable[Change], before: Mapping[str, AnyRow]) -> dict[str, str | None]:
    """File path to the blob it gets, or to None when the file goes."""
    files: dict[str, str | None] = {}
    for change in changes:
        row = before.get(change.path)
        if row is not None and row.blob_oid:
            files[file_path_of(change.path, row.extension)] = None
        if change.content is not None:
            files[file_path_of(change.path, change.content.extension)] = change.content.blob
    return files


def message_of(
    number: int,
    kind: str,
    actor: Actor,
    reason: str,
    ticket: str | None,
    more: tuple[str, ...] = (),
) -> str:
    """The commit's message: the reason, then trailers."""
    trailers = [f"Release: r{number}", f"Kind: {kind}", f"Actor: {actor.subject}"]
    if ticket:
        trailers.append(f"Ticket: {ticket}")
    return f"{reason}\n\n" + "\n".join((*trailers, *more)) + "\n"
