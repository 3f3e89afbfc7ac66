"""Read and write the defaults of records of a project or module without Git: one file, one commit on `main`.

A change makes no version: each prompt below takes the defaults up with its next one. Who may write prompts there may
write their defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from promptops.format import MAX_BYTES
from promptops.format.record import DEFAULTS_FILE, Defaults, read_defaults
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.registry import rows
from promptops_server.registry.content import located
from promptops_server.registry.edits.frame import MAIN, check_message, locked
from promptops_server.registry.edits.plain_file import NO_FILE, commit_file, refuse_stale
from promptops_server.registry.git import read
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import prepare_blob
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.defaults_at import start_of
from promptops_server.registry.tables import prompt

LISTED = 20
"""Affected prompts named in an answer."""


@dataclass(frozen=True, slots=True)
class DefaultsFile:
    """The defaults of a module ("" for the project) at the head of `main`. `blob` is None where there is no file.

    `affected` counts the prompts below, of which `prompts` are the first.
    """

    project: str
    module: str
    text: str
    blob: str | None
    read: Defaults
    affected: int
    prompts: tuple[str, ...]
    commit: str | None = None
    """The commit that a write made; None after a read, and where nothing was different."""

    @property
    def tag(self) -> str:
        """What a change names to say what it was made from."""
        return self.blob or NO_FILE


def show_defaults(
    db: Database, actor: Actor, authorise: Authorise, project: str, module: str
) -> DefaultsFile:
    """The defaults file of a module, or of the project.

    Raises:
        NotFound: no such project, or not readable.
        BadRequest: the module breaks the grammar.
    """
    require_readable(authorise, actor, project)
    if module:
        address_path(module)
    with db.read() as conn:
        return _now(conn, get_project(conn, project), module)


def set_defaults(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    module: str,
    text: str,
    *,
    base: str | None,
    message: str | None = None,
) -> DefaultsFile:
    """Write the defaults file; a blank text removes it.

    Args:
        base: the `tag` of the file the change was made from; None only where there is none.
        message: why; without one "Set the defaults of …".

    Raises:
        NotFound: no such project, or not readable.
        Denied: the actor may not write prompts there.
        BadRequest: module or message breaks a rule.
        TooLarge, Invalid: the file is too large, or has errors; each with its line.
        PreconditionRequired: there is a file, and no base was given.
        Conflict: the file is not as it was.
    """
    require_readable(authorise, actor, project)
    if module:
        address_path(module)
    may = require(authorise, actor, "prompt:write", Resource(project=project, path=module or None))
    said = check_message(message) or f"Set the defaults of {module or 'the project'}"
    path = file_of(module)
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"A defaults file has at most {MAX_BYTES:,} bytes; this has {len(data):,}.",
            remedy="Defaults are short: write long texts into the prompts they belong to.",
        )
    _refuse_errors(path, read_defaults(path, data))
    blob = prepare_blob(data) if text.strip() else None
    with locked(db, project) as (tx, (found,)):
        before = _now(tx.conn, found, module)
        where = f"{project}/{path}"
        refuse_stale(where, before.blob, before.text, base, slug="stale-defaults")
        if before.blob == (blob.oid if blob else None):
            return before
        commit = commit_file(tx, actor, found, path, blob, said)
        after = _now(tx.conn, found, module, commit)
        record(
            tx,
            AuditEvent(
                action="record.set_defaults",
                object=AuditObject("record-defaults", where, hash=after.blob),
                actor=actor,
                project=project,
                before={"blob": before.blob},
                after={"blob": after.blob, "commit": commit, "prompts": after.affected},
                reason=said,
                rule=may.rule,
            ),
            project_id=found.id,
        )
        return after


def file_of(module: str) -> str:
    """Where the defaults of a module lie, "" meaning the project."""
    return f"{module}/{DEFAULTS_FILE}" if module else DEFAULTS_FILE


def _now(
    conn: Connection, project: Project, module: str, commit: str | None = None
) -> DefaultsFile:
    path = file_of(module)
    head = read.head_commit(conn, project.id, MAIN)
    blob = None if head is None else read.file_at(conn, project.id, head.oid, path)
    data = b"" if blob is None else start_of(ObjectView(conn, project.id), blob)
    below = [prompt.c.project_id == project.id, prompt.c.archived_at.is_(None)]
    if module:
        below += [prompt.c.path >= f"{module}/", prompt.c.path < rows.after(f"{module}/")]
    count = conn.execute(select(func.count()).select_from(prompt).where(*below)).scalar_one()
    first = select(prompt.c.path).where(*below).order_by(prompt.c.path).limit(LISTED)
    return DefaultsFile(
        project.name,
        module,
        data.decode("utf-8", "replace"),
        blob,
        read_defaults(path, data),
        count,
        tuple(conn.execute(first).scalars()),
        commit,
    )


def _refuse_errors(path: str, found: Defaults) -> None:
    errors = located(path, [problem.to_dict() for problem in found.errors])
    if errors:
        first = errors[0]
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        key = f"{first['key']}: " if first["key"] else ""
        raise Invalid(
            f"{path}:{first['line']}: {key}{first['message']}{more}.",
            remedy=str(first.get("fix", "")),
            errors=errors,
        )
