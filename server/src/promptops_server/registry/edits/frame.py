"""What every edit on the server has in common: the lock, the heads it was planned on, one commit with its versions.

An edit is planned before the project lock, where reading, parsing and checking thousands of files may take its time, and
applied inside it if the addresses are still as the plan saw them; else it is planned again, a small one inside the lock.
Owns no rule of its own: what an edit does is in the file named by its verb, its audit event too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from promptops.format.names import fold
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import BadRequest, Conflict, TooLarge
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry import rows
from promptops_server.registry.content import Card, Content
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import PreparedBlob
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.model import Project, Version
from promptops_server.registry.projects import get_project
from promptops_server.registry.record import Said, author_of, record_steps, states_of
from promptops_server.registry.records.inherited import inherited_records
from promptops_server.registry.rows import Head
from promptops_server.registry.steps import Change, Step, number_steps

MAIN = "refs/heads/main"
MAX_MESSAGE = 500
MAX_PROMPTS = 5_000
"""In one edit."""
EXTENSION = ".prompt.yml"
"""Of a file that is new; one that exists keeps its own."""
_TRIES = 4
_FEW = 200
"""Addresses of an edit that may be planned again while others wait for the lock."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What a commit does to one address. `content` None removes its file; its fragments are resolved.

    `moved_from` is the path that this address takes over from, in the same commit.
    """

    path: str
    content: Content | None
    moved_from: str | None = None
    extension: str = EXTENSION
    """Of a file at a new address."""
    beside: Mapping[str, PreparedBlob | str | None] = field(default_factory=dict)
    """Other files that go with it: path to content, to the id of a stored one, or to None (removed)."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit and the versions it made, by path."""

    commit: str
    message: str
    versions: Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class Seen:
    """The addresses an edit was planned on: those that existed, by folded path.

    With a `module` (its closing slash included), they are all prompts below it.
    """

    project_id: str
    paths: frozenset[str]
    heads: Mapping[str, Head]
    module: str | None = None

    @classmethod
    def of(cls, conn: Connection, project_id: str, paths: Iterable[str]) -> Seen:
        """What stands at these paths, in any case."""
        wanted = frozenset(paths)
        return cls(project_id, wanted, rows.heads(conn, project_id, wanted))

    @classmethod
    def below(cls, conn: Connection, project_id: str, module: str) -> Seen:
        """Every prompt below a module. Raises TooLarge."""
        paths = rows.paths_under(conn, project_id, module, MAX_PROMPTS + 1)
        refuse_too_many(len(paths))
        wanted = frozenset(paths)
        return cls(project_id, wanted, rows.heads(conn, project_id, wanted), module)

    def head(self, path: str) -> Head | None:
        """The address of exactly this path, archived or not."""
        found = self.heads.get(fold(path))
        return found if found is not None and found.path == path else None

    def still_holds(self, conn: Connection) -> bool:
        """Whether nothing at these paths has changed since. Ask it inside the lock."""
        if self.module is not None:
            now = rows.paths_under(conn, self.project_id, self.module, len(self.paths) + 1)
            if self.paths != set(now):
                return False
        return rows.heads(conn, self.project_id, self.paths) == self.heads


class Draft(Protocol):
    """An edit as planned before the lock."""

    @property
    def seen(self) -> Sequence[Seen]:
        """What it was planned on, one per project."""
        ...


D = TypeVar("D", bound=Draft)
R = TypeVar("R")

Keep = Callable[[Transaction, R], None]
"""Called last in the transaction with the edit's result: where a route stores its answer (`infra.idempotency`)."""


@dataclass(frozen=True, slots=True)
class Edit(Generic[D, R]):
    """The two halves of an edit. `plan` may raise refusals; `apply` runs inside the lock and records the audit event."""

    plan: Callable[[Connection, tuple[Project, ...]], D]
    apply: Callable[[Transaction, tuple[Project, ...], D], R]

    def preview(self, db: Database, *names: str) -> D:
        """Only plan it.

        Raises:
            NotFound: no such project; and what `plan` raises.
        """
        with db.read() as conn:
            return self.plan(conn, tuple(get_project(conn, name) for name in names))

    def run(self, db: Database, *names: str, keep: Keep[R] | None = None) -> R:
        """Plan it, then apply it under the locks of the named projects; planned again if what it touches has changed.

        Raises:
            Conflict: what a large edit touches kept changing; and what `plan` and `apply` raise.
        """
        for _ in range(_TRIES):
            draft = self.preview(db, *names)
            with locked(db, *names) as (tx, projects):
                if not all(seen.still_holds(tx.conn) for seen in draft.seen):
                    if sum(len(seen.paths) for seen in draft.seen) > _FEW:
                        continue
                    draft = self.plan(tx.conn, projects)  # so little is soon planned, even here
                result = self.apply(tx, projects, draft)
                if keep is not None:
                    keep(tx, result)
                return result
        raise Conflict(
            "The prompts kept changing while this edit was prepared. Nothing was changed.",
            remedy="Try again, or edit fewer prompts at once.",
            slug="busy",
        )


@contextmanager
def locked(db: Database, *names: str) -> Iterator[tuple[Transaction, tuple[Project, ...]]]:
    """A write transaction that holds the locks of these projects, taken in one order everywhere.

    Raises:
        NotFound: one of them does not exist.
    """
    with db.write() as tx:
        projects = tuple(get_project(tx.conn, name) for name in names)
        for project_id in sorted({project.id for project in projects}):
            lock_project(tx.conn, project_id)
        yield tx, projects


def commit_edits(
    tx: Transaction,
    actor: Actor,
    project: Project,
    edits: Sequence[FileEdit],
    heads: Mapping[str, Head],
    *,
    message: str,
    cards: Mapping[str, Card] | None = None,
) -> Committed:
    """One commit on `main` with these files, and the versions it makes. Call it inside the lock.

    Args:
        heads: the touched addresses that exist, by folded path.
        cards: what lists show, by path, where made before the lock.
    """
    author = author_of(tx.conn, actor)
    files: dict[str, PreparedBlob | str | None] = {}
    changes: list[Change] = []
    for edit in edits:
        head = heads.get(fold(edit.path))
        extension = head.extension if head is not None else edit.extension
        old = None if head is None or head.archived else head.blob
        new = edit.content
        files[edit.path + extension] = None if new is None else new.blob or new.oid
        changes.append(Change(edit.path, extension, old, None if new is None else new.oid))
    # A file that one prompt leaves may be one that another arrives with.
    for edit in edits:
        files.update((path, blob) for path, blob in edit.beside.items() if blob is None)
    for edit in edits:
        files.update((path, blob) for path, blob in edit.beside.items() if blob is not None)
    commit = commit_blobs(
        tx,
        project.id,
        ref=MAIN,
        parent=read.head_commit(tx.conn, project.id, MAIN),
        changes=files,
        author=author,
        message=message,
    )
    moves = {edit.path: edit.moved_from for edit in edits if edit.moved_from is not None}
    numbering = number_steps([Step(commit.oid, tuple(changes), moves)], states_of(heads.values()))
    contents = {e.content.oid: e.content for e in edits if e.content is not None}
    versions = record_steps(
        tx,
        actor,
        project,
        numbering,
        heads=heads,
        contents=contents,
        said={commit.oid: Said(f"{author.name} <{author.email}>", message)},
        cards=cards,
        records=inherited_records(ObjectView(tx.conn, project.id), numbering, contents),
    )
    return Committed(commit.oid, message, {version.path: version for version in versions})


def check_message(message: str | None) -> str:
    """The message without surrounding space; empty when None.

    Raises:
        BadRequest: blank, over 500 characters, or not plain text.
    """
    if message is None:
        return ""
    control = control_in(message, lines=True)
    if control is not None:
        raise BadRequest(f"The message holds the character {control}.", remedy="Send plain text.")
    said = message.strip()
    if not said:
        raise BadRequest(
            "The message is blank.", remedy="Say what changed, or leave the message away."
        )
    if len(said) > MAX_MESSAGE:
        raise BadRequest(
            f"The message has {len(said)} characters; at most {MAX_MESSAGE} are allowed.",
            remedy="Say it shorter; the history shows the difference itself.",
        )
    return said


def refuse_too_many(count: int, what: str = "An edit") -> None:
    """Raises TooLarge above the limit of one edit. Counting may stop at one more than that."""
    if count > MAX_PROMPTS:
        raise TooLarge(
            f"{what} has at most {MAX_PROMPTS:,} prompts; this has more.",
            remedy="Do it in several parts.",
        )
