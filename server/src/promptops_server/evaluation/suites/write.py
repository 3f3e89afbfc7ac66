"""Read and write a suite file without Git: one file, one commit on `main`.

A change makes no version of a prompt: runs take it up, and the matrix shows what was tested with other cases as out of
date. Who may write prompts there may write their suites.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import MAX_BYTES
from promptops.format.companions import owner_of
from promptops.format.problem import Problem
from promptops.format.suite import SUITE_ENDINGS, SuiteFile, parse_suite
from promptops.format.test_data import fit_suite
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.evaluation.suites.belonging import suite_path
from promptops_server.evaluation.suites.find import own_suite, problems_of, refusal
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import (
    Invalid,
    NotFound,
    TooLarge,
)
from promptops_server.registry import rows
from promptops_server.registry.edits.frame import MAIN, check_message, locked
from promptops_server.registry.edits.plain_file import commit_file, refuse_stale
from promptops_server.registry.git import read
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import prepare_blob
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.defaults_at import start_of
from promptops_server.registry.versions import find_version, version_bytes


@dataclass(frozen=True, slots=True)
class StoredSuite:
    """A suite file at the head of `main`. `blob` is None where there is none (any more).

    `prompt` is the prompt it belongs to by its name. `problems` are those of the file, and as warnings what that prompt
    cannot be rendered with. `suite` is None where a problem is an error.
    """

    project: str
    path: str
    file: str
    text: str
    blob: str | None
    prompt: str | None
    suite: SuiteFile | None
    problems: tuple[Problem, ...]
    commit: str | None = None
    """The commit that a write made; None after a read, and where nothing was different."""


def show_suite(
    db: Database, actor: Actor, authorise: Authorise, project: str, given: str
) -> StoredSuite:
    """A suite file by its path, with or without its ending.

    Raises:
        NotFound: no such project, not readable, or no such suite.
        BadRequest: the path breaks the grammar.
    """
    require_readable(authorise, actor, project)
    path = suite_path(given)
    with db.read() as conn:
        found = _now(conn, get_project(conn, project), path)
    if found.blob is None:
        raise NotFound(
            f"There is no suite {path!r} in {project}.",
            remedy="`promptops suite list` shows them; write one with `promptops suite put`.",
        )
    return found


def check_suite(
    db: Database, actor: Actor, authorise: Authorise, project: str, given: str, text: str
) -> StoredSuite:
    """What would stand there with this text, errors among the problems; nothing is written.

    Raises:
        NotFound: no such project, or not readable.
        Denied: the actor may not write prompts there.
        BadRequest: the path breaks the grammar.
    """
    require_readable(authorise, actor, project)
    path = suite_path(given)
    require(authorise, actor, "prompt:write", Resource(project=project, path=path))
    with db.read() as conn:
        found = get_project(conn, project)
        before = _now(conn, found, path)
        data = text.encode("utf-8", "surrogatepass")
        suite, problems = (
            _examined(conn, found, before.prompt, data) if text.strip() else (None, ())
        )
    return dataclasses.replace(before, text=text, suite=suite, problems=problems)


def put_suite(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    given: str,
    text: str,
    *,
    base: str | None,
    message: str | None = None,
) -> StoredSuite:
    """Write a suite file; a blank text removes it.

    Args:
        base: the blob of the file the change was made from; None only where there is none.
        message: why; without one "Set the suite …".

    Raises:
        NotFound: no such project, or not readable.
        Denied: the actor may not write prompts there.
        BadRequest: path or message breaks a rule.
        TooLarge, Invalid: the file is too large, or has errors; each with its line.
        PreconditionRequired: there is a file, and no base was given.
        Conflict: the file is not as it was.
    """
    require_readable(authorise, actor, project)
    path = suite_path(given)
    may = require(authorise, actor, "prompt:write", Resource(project=project, path=path))
    said = check_message(message) or f"Set the suite {path}"
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"A suite has at most {MAX_BYTES:,} bytes; this has {len(data):,}.",
            remedy="Make several suites of it.",
        )
    removes = not text.strip()
    if not removes:
        errors = [p for p in problems_of(parse_suite(data)) if p.severity == "error"]
        if errors:
            raise refusal(path + SUITE_ENDINGS[0], errors)
    blob = None if removes else prepare_blob(data)
    with locked(db, project) as (tx, (found,)):
        before = _now(tx.conn, found, path)
        where = f"{project}/{before.file}"
        refuse_stale(where, before.blob, before.text, base, slug="stale-suite")
        if before.blob == (blob.oid if blob else None):
            return before
        commit = commit_file(tx, actor, found, before.file, blob, said)
        after = dataclasses.replace(_now(tx.conn, found, path, commit), commit=commit)
        record(
            tx,
            AuditEvent(
                action="suite.put",
                object=AuditObject("suite", where, hash=after.blob),
                actor=actor,
                project=project,
                before={"blob": before.blob},
                after={
                    "blob": after.blob,
                    "commit": commit,
                    "digest": after.suite.digest if after.suite else None,
                },
                reason=said,
                rule=may.rule,
            ),
            project_id=found.id,
        )
        return after


def _now(conn: Connection, project: Project, path: str, commit: str | None = None) -> StoredSuite:
    file, blob = path + SUITE_ENDINGS[0], None
    if commit is None:
        head = read.head_commit(conn, project.id, MAIN)
        commit = None if head is None else head.oid
    if commit is not None:
        for ending in reversed(SUITE_ENDINGS):
            found = read.file_at(conn, project.id, commit, path + ending)
            if found is not None:
                file, blob = path + ending, found
    owner = _owner(conn, project, path)
    if blob is None:
        return StoredSuite(project.name, path, file, "", None, owner, None, ())
    data = start_of(ObjectView(conn, project.id), blob)
    suite, problems = _examined(conn, project, owner, data)
    return StoredSuite(
        project.name,
        path,
        file,
        data.decode("utf-8", "replace"),
        blob,
        owner,
        suite,
        problems,
    )


def _examined(
    conn: Connection, project: Project, owner: str | None, data: bytes
) -> tuple[SuiteFile | None, tuple[Problem, ...]]:
    """The suite, None where it has errors, and all its problems."""
    parsed = parse_suite(data)
    problems = problems_of(parsed)
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    if owner is not None:
        problems += _misfits(conn, project, owner, data)
    return parsed.suite, problems


def _owner(conn: Connection, project: Project, path: str) -> str | None:
    """The live prompt it belongs to: each shorter name is asked for."""
    folder, slash, last = path.rpartition("/")
    parts = last.split(".")
    names = {folder + slash + ".".join(parts[:n]) for n in range(1, len(parts) + 1)} - {
        folder + slash
    }
    heads = rows.heads(conn, project.id, names)
    return owner_of(path, {head.path for head in heads.values() if not head.archived})


def _misfits(conn: Connection, project: Project, owner: str, data: bytes) -> tuple[Problem, ...]:
    """What the prompt cannot be rendered with, as warnings: the prompt may follow."""
    version = find_version(conn, project, owner)
    if version is None or not version.valid:
        return ()
    try:
        _, inputs = own_suite(conn, project, owner, version_bytes(conn, project.id, version))
    except Invalid:
        return ()
    fitted = fit_suite(parse_suite(data), inputs)
    return tuple(dataclasses.replace(problem, severity="warning") for problem in fitted.errors)
