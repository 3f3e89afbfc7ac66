"""Planning a bulk edit: which prompts are meant, what each becomes, what cannot be done. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from promptops.format.diff import unified
from promptops.format.names import fold
from promptops_server.infra.cursor import MAX_LIMIT
from promptops_server.registry.content import (
    Card,
    Content,
    card_of,
    located,
    read_content,
    with_fragments,
)
from promptops_server.registry.edits.coming_back import coming_back, companions_before
from promptops_server.registry.edits.companions import (
    Carried,
    Companion,
    Folders,
    carry,
    companions_of,
)
from promptops_server.registry.edits.frame import (
    FileEdit,
    Seen,
    refuse_too_many,
)
from promptops_server.registry.edits.operations import (
    NotPossible,
    Operation,
    Restore,
    State,
    apply_operations,
)
from promptops_server.registry.edits.places import target_faults
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.git import read
from promptops_server.registry.model import LivePlace, Project
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import fragment_loader

Result = Literal["changed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which prompts: named ones with the version the caller saw (None: whichever), else those that all filters take.

    `everything` says that no filter at all is meant.
    """

    prompts: tuple[tuple[str, int | None], ...] | None = None
    wanted: Wanted = field(default_factory=Wanted)
    everything: bool = False


@dataclass(slots=True)
class Edited:
    """What happens to one prompt. `to` and `version` are its address and newest number afterwards, `from_version` before."""

    path: str
    result: Result = "unchanged"
    from_version: int | None = None
    to: str = ""
    version: int | None = None
    archived: bool = False
    was_archived: bool = False
    reason: str = ""
    diff: str = ""
    problems: Sequence[Mapping[str, Any]] = ()
    live: tuple[LivePlace, ...] = ()
    """Where the old address is still live, when the prompt leaves it."""
    companions: Sequence[Companion] = ()
    """Suite files that go with it."""


@dataclass(slots=True)
class BulkDraft:
    seen: tuple[Seen, ...]
    items: list[Edited]
    edits: dict[str, list[FileEdit]] = field(default_factory=dict)
    """By the prompt's path before."""
    cards: dict[str, Card] = field(default_factory=dict)
    """By the prompt's path before, too: two may want one address, and one of them is refused."""
    had: dict[str, list[Companion]] = field(default_factory=dict)
    """The companions that archived prompts had when they left, by path."""

    def cards_there(self) -> dict[str, Card]:
        """What is written, by its address afterwards."""
        return {
            item.to: self.cards[item.path]
            for item in self.items
            if item.path in self.edits and item.path in self.cards
        }


def _select(
    conn: Connection, project: Project, selection: Selection, operations: Sequence[Operation]
) -> dict[str, int | None]:
    if selection.prompts is not None:
        return dict(selection.prompts)
    # What is to be restored is looked for among the archived.
    gone = isinstance(operations[0], Restore)
    wanted = replace(selection.wanted, archived=gone)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = list_prompts(conn, project, wanted, limit=MAX_LIMIT, cursor=cursor)
        found += [prompt.path for prompt in page.items]
        refuse_too_many(len(found))
        cursor = page.next
        if cursor is None:
            return dict.fromkeys(sorted(found))


def plan_bulk(
    conn: Connection,
    project: Project,
    selection: Selection,
    operations: Sequence[Operation],
    live: LiveVersion,
    *,
    dry_run: bool,
) -> BulkDraft:
    """What would be written, and what cannot be done. Raises TooLarge, or BadRequest for a bad module."""
    wanted = _select(conn, project, selection, operations)
    standing = Seen.of(conn, project.id, wanted)
    items: dict[str, Edited] = {}
    states: dict[str, State] = {}
    raw = read.blobs(conn, project.id, {head.blob for head in standing.heads.values()})
    texts: dict[str, str] = {}
    for path, expected in wanted.items():
        head = standing.head(path)
        item = items[path] = Edited(path, to=path)
        if head is None:
            item.result, item.reason = "refused", "there is no such prompt"
            continue
        item.from_version = item.version = head.latest
        item.archived = item.was_archived = head.archived
        if expected is not None and expected != head.latest:
            item.result = "refused"
            item.reason = f"it is at version {head.latest} now, not {expected}"
            continue
        texts[path] = raw[head.blob].decode("utf-8", "replace")
        try:
            states[path] = apply_operations(State(path, texts[path], head.archived), operations)
        except NotPossible as error:
            item.result, item.reason = "refused", str(error)
    targets = [state.path for path, state in states.items() if state.path != path]
    seen = Seen.of(conn, project.id, [*wanted, *targets])
    draft = BulkDraft((seen,), list(items.values()))
    load = fragment_loader(conn, project)
    for path, state in states.items():
        head = standing.heads[fold(path)]
        edited = state.text != texts[path]
        content = None
        if not state.archived:
            data = state.text.encode() if edited else raw[head.blob]
            content = read_content(data, stored_as=None if edited else head.blob)
            content = with_fragments(content, load)
        _settle(draft, items[path], head, state, content, edited)
        if dry_run and edited and not state.archived:
            old = f"{path}@{head.latest}"
            items[path].diff = unified(texts[path], state.text, old, state.path)
    returning = [h for i in draft.items if _returns(i) and (h := standing.head(i.path)) is not None]
    draft.had = companions_before(conn, project.id, returning)
    judge_targets(conn, project, draft)
    leaving = [
        i.path for i in draft.items if i.result == "changed" and (i.archived or i.to != i.path)
    ]
    places = live.where(conn, project.id, leaving)
    for path in leaving:
        items[path].live = tuple(places.get(path, ()))
    return draft


def _settle(
    draft: BulkDraft, item: Edited, head: Head, state: State, content: Content | None, edited: bool
) -> None:
    """Note what becomes of one prompt, and the files that takes."""
    if content is None:
        if not head.archived:
            item.result, item.archived = "changed", True
            draft.edits[head.path] = [FileEdit(head.path, None)]
        return
    moved = state.path != head.path
    if not (edited or moved or head.archived):
        return
    if not content.valid and (edited or head.archived):
        errors = located(head.file_path, content.errors)
        item.result, item.problems = "refused", errors
        item.reason = f"line {errors[0]['line']}: {errors[0]['message']}"
        return
    there = draft.seen[0].head(state.path)
    item.result, item.archived, item.to = "changed", False, state.path
    item.version = (there.latest if there is not None else 0) + 1
    draft.cards[head.path] = card_of(state.path, content)
    left = head.path if moved and not head.archived else None
    arriving = FileEdit(state.path, content, moved_from=left, extension=head.extension)
    draft.edits[head.path] = [arriving] if left is None else [FileEdit(left, None), arriving]


def judge_targets(conn: Connection, project: Project, draft: BulkDraft) -> None:
    """Refuse the moves whose target is taken, by a prompt or a suite file, and let suites follow their prompts.

    Asked again inside the lock, for modules and files that came up meanwhile.
    """
    moving = [item for item in draft.items if item.result == "changed" and item.to != item.path]
    if moving:
        targets = [item.to for item in moving]
        faults = target_faults(conn, project.id, targets, draft.seen[0].heads)
        for item in moving:
            if item.to in faults:
                _refuse(draft, item, faults[item.to])
    _take_companions(conn, project, draft)


def _refuse(draft: BulkDraft, item: Edited, fault: Mapping[str, Any]) -> None:
    del draft.edits[item.path]
    head = draft.seen[0].head(item.path)
    item.version, item.archived = (head.latest, head.archived) if head else (None, False)
    item.result, item.reason, item.to = "refused", str(fault["message"]), item.path
    item.problems, item.companions = [fault], ()


def _returns(item: Edited) -> bool:
    """Whether an archived prompt comes back."""
    return item.result == "changed" and bool(item.was_archived) and not item.archived


def _take_companions(conn: Connection, project: Project, draft: BulkDraft) -> None:
    while True:  # one that is refused keeps its files, which may stand in another's way
        changed = [item for item in draft.items if item.result == "changed"]
        where = {i.path: i.to for i in changed if i.to != i.path and not i.was_archived}
        carried = carry(conn, project, project, where, leave=True)
        if not carried.faults:
            break
        for item in changed:
            if item.path in carried.faults:
                _refuse(draft, item, carried.faults[item.path])
    folders = Folders(conn, project.id)
    gone = [item.path for item in changed if item.archived]
    leaving = Carried([*carried.files, *companions_of(folders, gone)]).by_prompt()
    arriving = [item.to for item in changed if not item.archived]
    for item in changed:
        if _returns(item):
            had = draft.had.get(item.path, ())
            item.companions = coming_back(folders, had, item.to, arriving)
        else:
            item.companions = leaving.get(item.path, ())
        last = draft.edits[item.path][-1]
        beside: dict[str, str | None] = {}
        if not _returns(item):
            beside.update((one.file, None) for one in item.companions)
        beside.update((one.to, one.blob) for one in item.companions if one.to is not None)
        draft.edits[item.path][-1] = replace(last, beside=beside)
