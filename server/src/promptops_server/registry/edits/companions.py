"""The suite files of prompts that move, are copied, leave or come back: which they are, and what stands in their way.

Which file belongs to which prompt is `promptops.format.companions`. Only names are looked at: what stands in a suite is
nobody's concern here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from promptops.format.companions import (
    TEST_DATA,
    companion_at,
    companions_among,
    owner_of,
    prompts_among,
)
from promptops.format.suite import suite_path_of
from promptops_server.infra.problems import Conflict
from promptops_server.registry.edits.frame import MAIN, FileEdit
from promptops_server.registry.git import read
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_error, path_fault

_FIX = "rename or remove one of the two first"


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that goes with a prompt, given by the prompt's path before. `to` is None where it is removed."""

    prompt: str
    file: str
    to: str | None
    blob: str


@dataclass(slots=True)
class Carried:
    """What goes along, by file, and why some cannot: by the path of the prompt before."""

    files: list[Companion] = field(default_factory=list)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def by_prompt(self) -> dict[str, list[Companion]]:
        """Prompts without companions are missing."""
        found: dict[str, list[Companion]] = {}
        for one in self.files:
            found.setdefault(one.prompt, []).append(one)
        return found


class Folders:
    """The files right in the folders of a project's `main`, each folder read once."""

    def __init__(self, conn: Connection, project_id: str) -> None:
        self._view = ObjectView(conn, project_id)
        head = read.head_commit(conn, project_id, MAIN)
        self._commit = None if head is None else head.oid
        self._files: dict[str, dict[str, str]] = {}

    def files(self, folder: str) -> dict[str, str]:
        """Path to blob."""
        if folder not in self._files:
            at = self._commit
            self._files[folder] = {} if at is None else self._view.files_in(at, folder)
        return self._files[folder]


def companions_of(folders: Folders, prompts: Iterable[str]) -> list[Companion]:
    """The companions of prompts at the head of `main`, to be removed with them."""
    found: list[Companion] = []
    for folder, some in _by_folder(prompts).items():
        files = folders.files(folder)
        for prompt, names in companions_among(files, some).items():
            found += [Companion(prompt, name, None, files[name]) for name in names]
    return sorted(found, key=lambda c: c.file)


def removal(prompt: str, companions: Iterable[Companion]) -> FileEdit:
    """A prompt leaves its address, and its companions with it."""
    return FileEdit(prompt, None, beside={one.file: None for one in companions})


def carry(
    conn: Connection, here: Project, there: Project, where: Mapping[str, str], *, leave: bool
) -> Carried:
    """The companions of prompts on their way: old path to new path.

    Args:
        leave: the prompts leave their addresses, and their companions with them.
    """
    source = Folders(conn, here.id)
    target = source if here.id == there.id else Folders(conn, there.id)
    carried = Carried(
        [
            Companion(one.prompt, one.file, companion_at(one.file, one.prompt, new), one.blob)
            for one in companions_of(source, where)
            for new in (where[one.prompt],)
        ]
    )
    leaving = {one.file for one in carried.files} if leave else set()
    gone = set(where) if leave else set()
    came_from = {new: old for old, new in where.items()}
    coming: dict[str, list[Companion]] = {}
    for one in carried.files:
        coming.setdefault(where[one.prompt].rpartition("/")[0], []).append(one)
    for folder, arriving in _by_folder(where.values()).items():
        files = target.files(folder)
        before = prompts_among(files)
        after = (before - gone) | arriving
        staying = {suite_path_of(file): file for file in files if file not in leaving}
        staying.pop("", None)
        for suite, file in staying.items():
            loser, winner = owner_of(suite, before), owner_of(suite, after)
            if loser is not None and winner is not None and winner != loser and winner in arriving:
                message = f"{file} belongs to {loser}, and would belong to {winner} then"
                carried.faults.setdefault(came_from[winner], _fault(file, message))
        for one in coming.get(folder, ()):
            name = one.to or ""
            fault = _stands_in_the_way(name, where[one.prompt], staying, after)
            if fault is not None:
                carried.faults.setdefault(one.prompt, _fault(name, fault))
    for first, second in _twins(carried.files):
        message = f"{first.file} and {second.file} would both become {second.to}"
        carried.faults.setdefault(second.prompt, _fault(str(second.to), message))
    return carried


def refuse_companions(faults: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Conflict when a companion cannot go along; `errors` has all of them."""
    if not faults:
        return
    errors = [dict(fault) for fault in faults.values()]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    raise Conflict(
        f"{errors[0]['message']}{more}. Nothing was changed.",
        remedy=f"{_FIX[:1].upper()}{_FIX[1:]}.",
        slug="companion-taken",
        errors=errors,
    )


def _stands_in_the_way(
    file: str, prompt: str, staying: Mapping[str, str], prompts: set[str]
) -> str | None:
    suite = suite_path_of(file)
    fault = path_fault(suite)
    if fault:
        return f"{file[:200]} cannot be a suite: {fault}"
    if suite == TEST_DATA:
        return f"{file} would be named like the suite inside a prompt file"
    if suite in staying:
        return f"{staying[suite]} is there already"
    owner = owner_of(suite, prompts)
    return None if owner == prompt else f"{file} would belong to {owner}, not to {prompt}"


def _twins(files: Sequence[Companion]) -> list[tuple[Companion, Companion]]:
    """Companions of two prompts that would have one name."""
    first: dict[str, Companion] = {}
    found = []
    for one in files:
        other = first.setdefault(suite_path_of(one.to or ""), one)
        if other.prompt != one.prompt:
            found.append((other, one))
    return found


def _fault(file: str, message: str) -> dict[str, Any]:
    return file_error(file[:200], "companion-taken", message, _FIX)


def _by_folder(prompts: Iterable[str]) -> dict[str, set[str]]:
    folders: dict[str, set[str]] = {}
    for prompt in prompts:
        folders.setdefault(prompt.rpartition("/")[0], set()).add(prompt)
    return folders
