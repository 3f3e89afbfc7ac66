"""What a push to `main` means: its steps numbered, its prompt files checked. Answers `git.ports.PushedVersions`.

The files at the new tip must be valid, each error told with file, line and key; only the first push to an empty
line may bring invalid ones, which become versions that cannot be released. Everything is read, checked and planned
before the lock; inside it the plan still holds, since `main` is where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.format import FragmentError, PromptFile, parse
from promptops.format.fragment import Pin
from promptops.format.names import InvalidName
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry import rows
from promptops_server.registry.content import (
    MAX_FILE_BYTES,
    Card,
    Content,
    card_of,
    forget_text,
    located,
    read_content,
)
from promptops_server.registry.git.ancestry import first_parent_steps
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE
from promptops_server.registry.git.ports import ProjectLike, RefUpdate
from promptops_server.registry.git.view import ChangedFile, ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_address, file_error, twin_error
from promptops_server.registry.planned import resolve_planned
from promptops_server.registry.projects import get_project_by_id
from promptops_server.registry.record import Said, record_steps, states_of
from promptops_server.registry.steps import AddressState, Change, Numbering, Step, number_steps
from promptops_server.registry.touched import note_touched
from promptops_server.registry.versions import fragment_loader, spellings

_BATCH = 500
_NOTICED = 20
_REGULAR = (MODE_FILE, MODE_EXECUTABLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `check` found out and `apply` writes."""

    numbering: Numbering
    known: Mapping[str, AddressState]
    contents: Mapping[str, Content]
    cards: Mapping[str, Card]
    said: Mapping[str, Said]
    notice: tuple[str, ...] = ()
    """Lines for the pusher's terminal."""


class PushedToMain:
    """The answer to `PushedVersions`; stateless."""

    def check(
        self, view: ObjectView, actor: Actor, project: ProjectLike, update: RefUpdate
    ) -> Plan:
        """Plan the versions of a push.

        Raises:
            Invalid: the tip breaks a rule; `errors` has every problem with file, line, column and key.
        """
        if update.new is None:
            raise Invalid("main cannot be deleted: it is the line of versions.")
        owner = get_project_by_id(view.conn, project.id)
        steps, errors = _steps(view, update.old, update.new)
        steps, known, clashes = _without_twins(view, owner, steps)
        errors += clashes
        numbering = number_steps(steps, known)
        errors += _two_extensions(numbering)
        if errors:
            raise _refusal(errors)
        contents, cards = _read(view, numbering)
        contents = _resolve(view, owner, numbering, contents)
        errors = _invalid_at_tip(numbering, known, contents)
        if errors and update.old is not None:
            raise _refusal(errors)
        newest = {v.path: contents[v.blob] for v in numbering.versions}
        cards = {path: card for path, card in cards.items() if newest[path].valid == card.valid}
        said = {}
        for commit in dict.fromkeys(v.commit for v in numbering.versions):
            info = view.commit_info(commit)
            said[commit] = Said(info.author, info.message.strip())
        return Plan(numbering, known, contents, cards, said, tuple(_notice(errors)))

    def apply(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        prepared: Any,
    ) -> Sequence[str]:
        """Write the planned versions, inside the lock, and say which are invalid. The push's audit event is the Git remote's.

        Raises:
            Conflict: an address is not as it was when the push was checked.
        """
        plan: Plan = prepared
        owner = get_project_by_id(tx.conn, project.id)
        heads = rows.heads(tx.conn, owner.id, plan.numbering.addresses)
        if states_of(heads.values()) != dict(plan.known):
            raise Conflict("The project changed while the push was checked.", remedy="Push again.")
        record_steps(
            tx,
            actor,
            owner,
            plan.numbering,
            heads=heads,
            contents=plan.contents,
            said=plan.said,
            cards=plan.cards,
        )
        return plan.notice

    def touched(self, prepared: Any) -> int:
        """How many prompts the push changes."""
        return len(_touched(prepared))

    def note(self, tx: Transaction, project: ProjectLike, prepared: Any, seq: int) -> None:
        """Remember them under the push's audit event."""
        note_touched(tx.conn, project.id, seq, _touched(prepared))


def _touched(plan: Plan) -> dict[str, int | None]:
    """Path to newest version, None for a prompt the push archives."""
    numbering = plan.numbering
    newest = {version.path: version.number for version in numbering.versions}
    return {
        path: newest.get(path) if state.files else None
        for path, state in numbering.addresses.items()
        if path in newest or not state.files
    }


def _steps(view: ObjectView, old: str | None, new: str) -> tuple[list[Step], list[dict[str, Any]]]:
    """The steps' changes of prompt files, and what is wrong with the names or kinds of files at the tip."""
    steps: list[Step] = []
    faults: dict[str, dict[str, Any] | None] = {}
    for before, after in first_parent_steps(view, old, new):
        changes: list[Change] = []
        for file in view.changed_files(before, after):
            try:
                place = file_address(file.path)
            except InvalidName as error:
                fix = "rename it, or give it another extension if it is no prompt"
                faults[file.path] = (
                    None
                    if file.new_blob is None
                    else file_error(file.path, "bad-name", str(error), fix)
                )
                continue
            if place is not None:
                change, fault = _change(file, *place)
                faults[file.path] = fault
                changes.append(change)
        steps.append(Step(after, tuple(changes)))
    return steps, [fault for fault in faults.values() if fault is not None]


def _change(file: ChangedFile, path: str, extension: str) -> tuple[Change, dict[str, Any] | None]:
    old = file.old_blob if file.old_mode in _REGULAR else None
    new = file.new_blob if file.new_mode in _REGULAR else None
    fault = None
    if file.new_blob is not None and new is None:
        message = "a prompt must be a regular file, not a symbolic link"
        fault = file_error(file.path, "not-a-file", message)
    return Change(path, extension, old, new), fault


def _without_twins(
    view: ObjectView, project: Project, steps: list[Step]
) -> tuple[list[Step], dict[str, AddressState], list[dict[str, Any]]]:
    """The steps without addresses that another spelling displaced before the tip; twins at the tip are errors."""
    files: dict[str, dict[str, str]] = {}
    for step in steps:
        for change in step.changes:
            at = files.setdefault(change.path, {})
            if change.new is None:
                at.pop(change.extension, None)
            else:
                at[change.extension] = change.new
    heads = rows.heads(view.conn, project.id, files)
    known = states_of(head for head in heads.values() if head.path in files)
    spelled = spellings(view.conn, project.id, heads)
    errors: list[dict[str, Any]] = []
    dropped: set[str] = set()
    for path in sorted(files, key=lambda p: (not files[p], p)):
        if path in known:
            continue
        clash = spelled.clash(path)
        if clash is None:
            continue
        dropped.add(path)
        if files[path]:
            errors.append(twin_error(path + next(iter(files[path])), *clash))
    if dropped:
        steps = [
            Step(s.commit, tuple(c for c in s.changes if c.path not in dropped)) for s in steps
        ]
    return steps, known, errors


def _two_extensions(numbering: Numbering) -> list[dict[str, Any]]:
    return [
        file_error(
            path + ".prompt.yaml",
            "two-files",
            f"{path}.prompt.yml lies beside {path}.prompt.yaml: one prompt is one file",
            "keep one of them",
        )
        for path, state in numbering.addresses.items()
        if len(state.files) > 1
    ]


def _read(view: ObjectView, numbering: Numbering) -> tuple[dict[str, Content], dict[str, Card]]:
    """Every content of the plan, by blob id, and the cards of each address's newest."""
    newest = {v.path: v.blob for v in numbering.versions}
    shown: dict[str, list[str]] = {}
    for path, blob in newest.items():
        shown.setdefault(blob, []).append(path)
    paths = {v.blob: v.path for v in numbering.versions}
    contents: dict[str, Content] = {}
    cards: dict[str, Card] = {}
    oids = list(paths)
    for at in range(0, len(oids), _BATCH):
        for oid, data in view.blobs(oids[at : at + _BATCH]).items():
            if len(data) > MAX_FILE_BYTES:
                message = (
                    f"a prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {len(data):,}"
                )
                raise _refusal([file_error(paths[oid], "too-large", message)])
            content = read_content(data, stored_as=oid)
            for path in shown.get(oid, ()):
                cards[path] = card_of(path, content)
            contents[oid] = forget_text(content)
    return contents, cards


def _resolve(
    view: ObjectView, project: Project, numbering: Numbering, contents: dict[str, Content]
) -> dict[str, Content]:
    if not any(content.pending for content in contents.values()):
        return contents
    blobs = {(v.path, v.number): v.blob for v in numbering.versions}

    def planned(path: str, pin: Pin) -> PromptFile:
        file = parse(view.blob(blobs[path, int(pin)])).file
        if file is None:
            raise FragmentError(f"{path}@{pin} is not a valid prompt")
        return file

    return resolve_planned(numbering, contents, fragment_loader(view.conn, project), planned)


def _invalid_at_tip(
    numbering: Numbering, known: Mapping[str, AddressState], contents: Mapping[str, Content]
) -> list[dict[str, Any]]:
    """Errors in files whose content at the tip is not what it was before the push."""
    errors: list[dict[str, Any]] = []
    for path, state in sorted(numbering.addresses.items()):
        blob = state.blob
        before = known.get(path)
        if blob is None or (before is not None and before.blob == blob) or blob not in contents:
            continue
        if not contents[blob].valid:
            errors.extend(located(path + (state.extension or ""), contents[blob].errors))
    return errors


def _notice(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the first push is told about the invalid files it was allowed to bring: the first problem of each."""
    first: dict[str, str] = {}
    for error in errors:
        first.setdefault(error["file"], f"  {error['file']}:{error['line']}: {error['message']}")
    if not first:
        return []
    one = len(first) == 1
    lines = [
        f"{len(first):,} file{'' if one else 's'} of this push {'is' if one else 'are'} no valid "
        f"prompt{'' if one else 's'}: kept as version{'' if one else 's'} that cannot be released.",
        *list(first.values())[:_NOTICED],
    ]
    if len(first) > _NOTICED:
        lines.append(f"  and {len(first) - _NOTICED:,} more: promptops prompt list shows them")
    return [*lines, "Correct them and push again; from now on main takes valid files only."]


def _refusal(errors: Iterable[dict[str, Any]]) -> Invalid:
    listed = list(errors)
    files = len({error["file"] for error in listed})
    return Invalid(
        f"{len(listed)} problem{'s' * (len(listed) > 1)} in {files} file{'s' * (files > 1)}.",
        remedy="Correct them, commit and push again.",
        errors=listed,
    )
