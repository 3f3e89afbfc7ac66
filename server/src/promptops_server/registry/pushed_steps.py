"""What the steps of a push do to prompt files, before they are numbered: whose names count, and what stands at the tip.

Only the tip is judged. In the past anything may stand: a name that cannot be an address, a symbolic link or another
spelling of an address is left alone, and what returns to order later starts there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from promptops.format.names import EXTENSIONS, InvalidName
from promptops.format.record import is_defaults
from promptops_server.infra.courtesy import Courtesy
from promptops_server.registry import rows
from promptops_server.registry.git.ancestry import first_parent_rows
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE
from promptops_server.registry.git.view import ChangedFile, ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_address, file_error, twin_error
from promptops_server.registry.record import states_of
from promptops_server.registry.steps import AddressState, Change, Numbering, Step
from promptops_server.registry.versions import spellings

_REGULAR = (MODE_FILE, MODE_EXECUTABLE)

Fault = dict[str, Any]
"""A problem of one file, as `paths.file_error` writes it."""


@dataclass(frozen=True, slots=True)
class PushedSteps:
    """The changes of addresses, step by step, and the faults of the files at the tip that this push brought.

    `no_prompts` are files that end like prompts and cannot be any (their name, a link); `clashes` are two files that
    want to be the same address.
    """

    steps: list[Step]
    no_prompts: list[Fault]
    clashes: list[Fault]
    known: dict[str, AddressState]
    defaults: dict[str, str]
    """The defaults of records (`record-defaults.yml`) the push changes: path to blob at the tip."""
    defaults_seen: bool
    """Whether any step changes defaults, also those that are gone at the tip."""
    paths: tuple[str, ...]
    """Everything any step changes: prompts by their path, other files by their name."""


def pushed_steps(view: ObjectView, project: Project, old: str | None, new: str) -> PushedSteps:
    """Read the steps from `old` to `new`; `view` sees the push. Raises NotFound, Invalid (folders too deep)."""
    steps: list[Step] = []
    faults: dict[str, Fault] = {}
    defaults: dict[str, str] = {}
    seen = False
    paths: dict[str, None] = {}
    courtesy = Courtesy()
    for before, after in first_parent_rows(view, old, new):
        courtesy()
        changes: list[Change] = []
        for file in view.changed_between(None if before is None else before.tree, after.tree):
            paths[_address(file.path)] = None
            if is_defaults(file.path):
                seen = True
                _note_defaults(defaults, file)
                continue
            change, fault = _change(file)
            if change is not None:
                changes.append(change)
            if fault is not None:
                faults[file.path] = fault
            else:
                faults.pop(file.path, None)
        if changes:
            steps.append(Step(after.oid, tuple(changes)))
    steps, known, clashes = _without_twins(view, project, steps)
    return PushedSteps(steps, list(faults.values()), clashes, known, defaults, seen, tuple(paths))


def two_extensions(numbering: Numbering) -> list[Fault]:
    """The addresses that would be two files at the tip."""
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


def _address(file: str) -> str:
    for extension in EXTENSIONS:
        if file.endswith(extension):
            return file.removesuffix(extension)
    return file


def _note_defaults(defaults: dict[str, str], file: ChangedFile) -> None:
    if file.new_blob is not None and file.new_mode in _REGULAR:
        defaults[file.path] = file.new_blob
    else:
        defaults.pop(file.path, None)


def _change(file: ChangedFile) -> tuple[Change | None, Fault | None]:
    try:
        place = file_address(file.path)
    except InvalidName as error:
        if file.new_blob is None:
            return None, None
        fix = "rename it, or give it another extension if it is no prompt"
        return None, file_error(file.path, "bad-name", str(error), fix)
    if place is None:
        return None, None
    old = file.old_blob if file.old_mode in _REGULAR else None
    new = file.new_blob if file.new_mode in _REGULAR else None
    fault = None
    if file.new_blob is not None and new is None:
        message = "a prompt must be a regular file, not a symbolic link"
        fault = file_error(file.path, "not-a-file", message)
    return Change(*place, old, new), fault


def _without_twins(
    view: ObjectView, project: Project, steps: list[Step]
) -> tuple[list[Step], dict[str, AddressState], list[Fault]]:
    """The steps without addresses that another spelling displaced before the tip; twins at the tip are faults."""
    files = _at_the_end(steps)
    heads = rows.heads(view.conn, project.id, files)
    known = states_of(head for head in heads.values() if head.path in files)
    spelled = spellings(view.conn, project.id, heads)
    faults: list[Fault] = []
    dropped: set[str] = set()
    for path in sorted(files, key=lambda p: (not files[p], p)):
        if path in known:
            continue
        clash = spelled.clash(path)
        if clash is None:
            continue
        dropped.add(path)
        if files[path]:
            faults.append(twin_error(path + next(iter(files[path])), *clash))
    if dropped:
        steps = [
            Step(s.commit, tuple(c for c in s.changes if c.path not in dropped)) for s in steps
        ]
    return steps, known, faults


def _at_the_end(steps: Iterable[Step]) -> dict[str, dict[str, str]]:
    """Every touched address, with the files by extension that the steps leave there."""
    files: dict[str, dict[str, str]] = {}
    for step in steps:
        for change in step.changes:
            at = files.setdefault(change.path, {})
            if change.new is None:
                at.pop(change.extension, None)
            else:
                at[change.extension] = change.new
    return files
