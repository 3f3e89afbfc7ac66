"""Commit a working copy: its text becomes the next version, and the copy is gone; both or neither.

The version is made by `edits.put`: the same checks, the same conflict, the same audit event. The file is read and
checked before the project lock; a save that arrives in between is noticed inside it, and then it all begins again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from promptops.format.merge import marker_lines
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.idempotency import run_once
from promptops_server.infra.problems import Conflict, PreconditionRequired, ProblemError
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.frame import EXTENSION, check_message
from promptops_server.registry.edits.put import (
    PreparedPut,
    Put,
    may_put,
    prepare_put,
    put_in,
)
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.look import get_copy
from promptops_server.registry.working_copies.model import Seen, WorkingCopy
from promptops_server.registry.working_copies.refusals import refuse_markers, stale

_TRIES = 5
"""An editor that saves all the time must not keep its own commit away for ever."""


@dataclass(frozen=True, slots=True)
class Once:
    """The `Idempotency-Key` of a request, and what makes two requests the same."""

    key: str | None
    fingerprint: str


class _SavedMeanwhile(Exception):
    """The copy changed between the checks and the lock."""


def commit_copy(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    *,
    answer: Callable[[Put], tuple[int, dict[str, Any]]],
    message: str | None = None,
    seen: Seen | None = None,
    once: Once | None = None,
) -> tuple[int, dict[str, Any]]:
    """Make the actor's working copy the next version of its prompt.

    Args:
        answer: status and body for what was done; stored with the key of `once`.
        message: what changed and why; without one the copy's own, else as for a put.
        seen: the state to be committed; None takes whatever is saved.

    Raises:
        NotFound: no such project or copy.
        Denied, BadRequest, Invalid, TooLarge: as for a put; Invalid also while conflict markers are left.
        Conflict: the copy is not as `seen` says, or its parent is not the newest version (`stale-version`: rebase it).
    """
    may_put(actor, authorise, project, path)
    address_path(path)
    said = check_message(message)
    key = once.key if once else None
    for _ in range(_TRIES):
        copy: WorkingCopy | None = None
        prepared: PreparedPut | None = None
        refused: ProblemError | None = None
        try:
            copy, prepared = _prepare(db, actor, authorise, project, path, said, seen)
        except ProblemError as problem:
            if not key:
                raise
            refused = problem  # a repeated request gets its first answer, though the copy is gone
        with db.write() as tx:
            found = get_project(tx.conn, project)
            lock_project(tx.conn, found.id)

            def work(
                tx: Transaction = tx,
                found: Project = found,
                copy: WorkingCopy | None = copy,
                prepared: PreparedPut | None = prepared,
                refused: ProblemError | None = refused,
            ) -> tuple[int, dict[str, Any]]:
                if refused is not None or copy is None or prepared is None:
                    raise refused or AssertionError("prepared or refused")
                now = store.find(tx.conn, found, actor.subject, path, lock=True)
                if now is None or (now.id, now.revision) != (copy.id, copy.revision):
                    raise _SavedMeanwhile
                store.remove(tx.conn, now)
                return answer(_put(tx, actor, found, prepared))

            try:
                return run_once(tx, actor, key, once.fingerprint if once else "", work)
            except _SavedMeanwhile:
                continue
    raise Conflict(
        f"The working copy of {project}/{path} is being saved all the time.",
        remedy="Commit again, or name the state to be committed in If-Match.",
        slug="stale-working-copy",
    )


def _prepare(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    message: str,
    seen: Seen | None,
) -> tuple[WorkingCopy, PreparedPut]:
    with db.read() as conn:
        copy = get_copy(conn, get_project(conn, project), actor.subject, path)
    if seen is not None and not seen.is_now(copy):
        raise stale(copy)
    refuse_markers(path + EXTENSION, marker_lines(copy.text))
    said = message or copy.message or None
    prepared = prepare_put(
        db, actor, authorise, project, path, copy.text, message=said, parent=copy.parent
    )
    return copy, prepared


def _put(tx: Transaction, actor: Actor, project: Project, prepared: PreparedPut) -> Put:
    remedy = "Rebase the working copy: POST …/rebase merges the newest version into it."
    try:
        return put_in(tx, actor, project, prepared)
    except PreconditionRequired as refused:  # made for a new prompt, and another made it first
        raise Conflict(
            refused.detail,
            remedy=remedy,
            slug="stale-version",
            current={"version": refused.members.get("latest")},
        ) from None
    except Conflict as refused:
        if refused.type == "stale-version":
            refused.remedy = remedy
        raise
