"""Import many prompts as one commit. Each gets an answer of its own: what happened to it, and why.

Reading, checking and compressing happen before the lock (`prepare_import`); inside it, one commit and a few batches of
inserts. What to do with addresses that exist is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from promptops.format import FragmentError, PromptFile
from promptops.format.fragment import Pin
from promptops.format.names import fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import (
    Authorise,
    Resource,
    require_paths,
    require_somewhere,
)
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import BadRequest
from promptops_server.registry import rows
from promptops_server.registry.content import (
    MAX_FILE_BYTES,
    Card,
    Content,
    card_of,
    located,
    read_content,
)
from promptops_server.registry.edits.frame import (
    EXTENSION,
    FileEdit,
    check_message,
    commit_edits,
    locked,
    refuse_too_many,
)
from promptops_server.registry.model import Project
from promptops_server.registry.paths import path_fault, twin_error
from promptops_server.registry.planned import resolve_planned
from promptops_server.registry.projects import require_readable
from promptops_server.registry.record import states_of
from promptops_server.registry.rows import Head
from promptops_server.registry.steps import Change, Numbering, Step, number_steps
from promptops_server.registry.touched import note_touched
from promptops_server.registry.versions import fragment_loader, spellings

OnConflict = Literal["version", "skip", "refuse"]
Result = Literal["created", "updated", "unchanged", "skipped", "refused"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What happened to one prompt. `version` is its newest number, None when it was refused and does not exist."""

    path: str
    result: Result
    version: int | None = None
    valid: bool = True
    reason: str = ""
    problems: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """The whole answer, in the order of the request. `commit` is None when nothing changed."""

    commit: str | None
    items: Sequence[Imported]

    def count(self, result: Result) -> int:
        """How many prompts had this result."""
        return sum(item.result == result for item in self.items)


@dataclass(slots=True)
class Prepared:
    """What was read before the lock. `refused` already has its answers, by position in the request."""

    paths: list[str]
    contents: dict[int, Content] = field(default_factory=dict)
    cards: dict[int, Card] = field(default_factory=dict)
    refused: dict[int, Imported] = field(default_factory=dict)


def import_prompts(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    prompts: Sequence[tuple[str, str]],
    *,
    message: str | None = None,
    on_conflict: OnConflict = "version",
    allow_invalid: bool = False,
) -> Import:
    """Import ``(path, content)`` pairs in one commit on `main`.

    Args:
        on_conflict: for an address that has a file: its next version, leave it alone, or refuse that prompt.
        allow_invalid: invalid files become versions that cannot be released, instead of being refused.

    Raises:
        NotFound, Denied: as for every write.
        TooLarge: more than 5,000 prompts.
        BadRequest: the message breaks a rule. What is wrong with single prompts is told in the answer.
    """
    may_import(actor, authorise, project)
    prepared = prepare_import(prompts, allow_invalid=allow_invalid)
    may_import_these(actor, authorise, project, prepared)
    message = check_message(message)
    with locked(db, project) as (tx, (found,)):
        return import_in(
            tx,
            actor,
            found,
            prepared,
            message=message,
            on_conflict=on_conflict,
            allow_invalid=allow_invalid,
        )


def may_import(actor: Actor, authorise: Authorise, project: str) -> None:
    """At the door, before it is known what is imported. Raises NotFound or Denied."""
    require_readable(authorise, actor, project)
    require_somewhere(authorise, actor, "prompt:write", Resource(project=project))


def may_import_these(actor: Actor, authorise: Authorise, project: str, prepared: Prepared) -> None:
    """Raises Denied unless every prompt that could be written may be."""
    paths = [prepared.paths[position] for position in prepared.contents]
    require_paths(authorise, actor, "prompt:write", Resource(project=project), paths)


def prepare_import(prompts: Sequence[tuple[str, str]], *, allow_invalid: bool) -> Prepared:
    """Read and check everything that needs no lock. Raises TooLarge, or BadRequest for an empty list."""
    if not prompts:
        raise BadRequest("There is no prompt in this import.")
    refuse_too_many(len(prompts), "An import")
    prepared = Prepared([path for path, _ in prompts])
    seen: set[str] = set()
    for position, (path, text) in enumerate(prompts):
        fault = path_fault(path)
        if fault:
            reason = f"{path[:200]!r} cannot be the path of a prompt: {fault}"
        elif path in seen:
            reason = "this path is in the import twice; the first one counts"
        else:
            seen.add(path)
            data = text.encode("utf-8", "surrogatepass")
            if len(data) <= MAX_FILE_BYTES:
                content = read_content(data)
                if content.valid or allow_invalid:
                    prepared.contents[position] = content
                    prepared.cards[position] = card_of(path, content)
                else:
                    prepared.refused[position] = _invalid(path, content)
                continue
            reason = f"a prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {len(data):,}"
        prepared.refused[position] = Imported(path, "refused", valid=False, reason=reason)
    return prepared


def import_in(
    tx: Transaction,
    actor: Actor,
    project: Project,
    prepared: Prepared,
    *,
    message: str,
    on_conflict: OnConflict,
    allow_invalid: bool,
) -> Import:
    """The import itself, inside the project lock."""
    judged = _judge(
        tx.conn, project, prepared, on_conflict=on_conflict, allow_invalid=allow_invalid
    )
    commit = None
    if judged.todo:
        commit = _commit(tx, actor, project, prepared, judged, message)
    result = Import(commit, _answers(prepared, judged))
    if commit is not None:
        seq = record(tx, _event(actor, project, result, message), project_id=project.id)
        made = {i.path: i.version for i in result.items if i.result in ("created", "updated")}
        note_touched(tx.conn, project.id, seq, made)
    return result


def foresee(
    conn: Connection,
    project: Project,
    prepared: Prepared,
    *,
    on_conflict: OnConflict,
    allow_invalid: bool,
) -> Sequence[Imported]:
    """What the import would do to each prompt if it were made now. Changes nothing, and needs no lock."""
    judged = _judge(conn, project, prepared, on_conflict=on_conflict, allow_invalid=allow_invalid)
    return _answers(prepared, judged)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What becomes of each prompt: `answers` for those that stay as they are, `todo` for those to write."""

    heads: Mapping[str, Head]
    answers: Mapping[int, Imported]
    todo: Sequence[int]
    contents: Mapping[str, Content]
    numbers: Mapping[str, int]


def _judge(
    conn: Connection,
    project: Project,
    prepared: Prepared,
    *,
    on_conflict: OnConflict,
    allow_invalid: bool,
) -> _Judged:
    heads = rows.heads(conn, project.id, (prepared.paths[p] for p in prepared.contents))
    answers = dict(prepared.refused)
    answers.update(_settled(conn, project, prepared, heads, on_conflict))
    todo = [p for p in prepared.contents if p not in answers]
    contents: dict[str, Content] = {}
    while True:
        numbering = _number(todo, prepared, heads)
        contents = _resolve(conn, project, numbering, prepared, todo)
        failed = [p for p in todo if not contents[prepared.contents[p].oid].valid]
        if allow_invalid or not failed:
            break
        # What pinned a refused prompt has to be judged again.
        for position in failed:
            content = contents[prepared.contents[position].oid]
            answers[position] = _invalid(prepared.paths[position], content)
        todo = [p for p in todo if p not in answers]
    numbers = {v.path: v.number for v in numbering.versions}
    return _Judged(heads, answers, todo, contents, numbers)


def _answers(prepared: Prepared, judged: _Judged) -> list[Imported]:
    """One per prompt, in the order of the request."""
    todo = set(judged.todo)
    return [
        _done(prepared, position, judged) if position in todo else judged.answers[position]
        for position in range(len(prepared.paths))
    ]


def _settled(
    conn: Connection,
    project: Project,
    prepared: Prepared,
    heads: Mapping[str, Head],
    on_conflict: OnConflict,
) -> dict[int, Imported]:
    """Prompts that need no commit, or may have none: unchanged, skipped, refused."""
    answers: dict[int, Imported] = {}
    spelled = spellings(conn, project.id, heads)
    for position, content in prepared.contents.items():
        path = prepared.paths[position]
        head = heads.get(fold(path))
        if head is None or head.path != path:
            clash = spelled.clash(path)
            if clash is not None:
                error = twin_error(path + EXTENSION, *clash)
                answers[position] = Imported(
                    path, "refused", valid=False, reason=error["message"], problems=[error]
                )
        elif head.archived:
            continue
        elif head.blob == content.oid:
            answers[position] = Imported(path, "unchanged", head.latest, content.valid)
        elif on_conflict == "skip":
            answers[position] = Imported(
                path, "skipped", head.latest, reason=f"it exists, at version {head.latest}"
            )
        elif on_conflict == "refuse":
            answers[position] = Imported(
                path, "refused", head.latest, reason=f"it exists, at version {head.latest}"
            )
    return answers


def _number(todo: Iterable[int], prepared: Prepared, heads: Mapping[str, Head]) -> Numbering:
    changes = []
    for position in todo:
        path = prepared.paths[position]
        head = heads.get(fold(path))
        old = None if head is None or head.archived else head.blob
        extension = head.extension if head else EXTENSION
        changes.append(Change(path, extension, old, prepared.contents[position].oid))
    return number_steps([Step("", tuple(changes))], states_of(heads.values()))


def _resolve(
    conn: Connection,
    project: Project,
    numbering: Numbering,
    prepared: Prepared,
    todo: Iterable[int],
) -> dict[str, Content]:
    contents = {prepared.contents[p].oid: prepared.contents[p] for p in todo}
    if not any(content.pending for content in contents.values()):
        return contents
    files = {v.path: contents[v.blob].file for v in numbering.versions}

    def planned(path: str, pin: Pin) -> PromptFile:
        file = files[path]
        if file is None:
            raise FragmentError(f"{path}@{pin} is not a valid prompt")
        return file

    return resolve_planned(numbering, contents, fragment_loader(conn, project), planned)


def _commit(
    tx: Transaction,
    actor: Actor,
    project: Project,
    prepared: Prepared,
    judged: _Judged,
    message: str,
) -> str:
    todo, contents = judged.todo, judged.contents
    many = "prompts" if len(todo) > 1 else "prompt"
    # A card made before the lock does not know a fragment that turned out to be missing.
    cards = {
        prepared.paths[p]: prepared.cards[p]
        for p in todo
        if prepared.cards[p].valid == contents[prepared.contents[p].oid].valid
    }
    edits = [FileEdit(prepared.paths[p], contents[prepared.contents[p].oid]) for p in todo]
    said = message or f"Import {len(todo)} {many}"
    return commit_edits(tx, actor, project, edits, judged.heads, message=said, cards=cards).commit


def _done(prepared: Prepared, position: int, judged: _Judged) -> Imported:
    path = prepared.paths[position]
    head = judged.heads.get(fold(path))
    content = judged.contents[prepared.contents[position].oid]
    result: Result = "created" if head is None or head.archived else "updated"
    reason = "" if content.valid else "the file is not valid; this version cannot be released"
    problems = located(path + EXTENSION, content.problems)
    return Imported(path, result, judged.numbers[path], content.valid, reason, problems)


def _invalid(path: str, content: Content) -> Imported:
    errors = located(path + EXTENSION, content.errors)
    first = errors[0]
    reason = f"line {first['line']}: {first['message']}"
    return Imported(path, "refused", valid=False, reason=reason, problems=errors)


def _event(actor: Actor, project: Project, done: Import, message: str) -> AuditEvent:
    results: tuple[Result, ...] = ("created", "updated", "unchanged", "skipped", "refused")
    return AuditEvent(
        action="prompt.import",
        object=AuditObject("project", project.name, version=done.commit),
        actor=actor,
        project=project.name,
        after={"commit": done.commit, **{result: done.count(result) for result in results}},
        reason=message or None,
    )
