"""The operations of a bulk edit, on one prompt at a time. Pure: a state and an operation give the next state.

Edits of the file change only the lines of the value (`promptops.format.edit`), so comments, order and quoting stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from promptops.format import REMOVE, CannotEdit, CannotWrite, edit, parse
from promptops_server.registry.facets import facet_key


@dataclass(frozen=True, slots=True)
class AddTags:
    """Tags that are there in any case stay as they are written."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """In any case."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetOwners:
    """Exactly these; none removes the key."""

    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddOwners:
    """Behind those that are there."""

    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveOwners:
    """As they are written."""

    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetModel:
    """None removes the key."""

    model: str | None


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Into this module (empty for the project itself), under the same name."""

    module: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Remove the file."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring an archived prompt back with its last content."""


Operation: TypeAlias = (
    AddTags
    | RemoveTags
    | SetOwners
    | AddOwners
    | RemoveOwners
    | SetModel
    | MoveTo
    | Archive
    | Restore
)


@dataclass(frozen=True, slots=True)
class State:
    """A prompt between two operations: where it is, its file's text, whether it is archived."""

    path: str
    text: str
    archived: bool


class NotPossible(Exception):
    """The operation cannot be done to this prompt; the text says why."""


def apply_operations(state: State, operations: Sequence[Operation]) -> State:
    """The state after all operations, in their order. Raises NotPossible."""
    for operation in operations:
        state = _apply(state, operation)
    return state


def _apply(state: State, operation: Operation) -> State:
    match operation:
        case Restore():
            return replace(state, archived=False)
        case Archive():
            return replace(state, archived=True)
    if state.archived:
        raise NotPossible("it is archived; restore it first")
    match operation:
        case MoveTo(module):
            last = state.path.rpartition("/")[2]
            return replace(state, path=f"{module}/{last}" if module else last)
        case _:
            return replace(state, text=_edited(state.text, operation))


def _edited(text: str, operation: Operation) -> str:
    file = parse(text).file
    if file is None:
        raise NotPossible("the file is not a valid prompt: correct it first")
    changes: Mapping[Sequence[str | int], Any]
    match operation:
        case AddTags(tags):
            there = {facet_key(tag) for tag in file.tags}
            new = [tag for tag in tags if facet_key(tag) not in there]
            changes = _appended("tags", file.data.get("tags"), new)
        case RemoveTags(tags):
            gone = {facet_key(tag) for tag in tags}
            changes = _without("tags", file.tags, [facet_key(tag) in gone for tag in file.tags])
        case AddOwners(owners):
            new = [owner for owner in owners if owner not in file.owners]
            changes = _appended("owners", file.data.get("owners"), new)
        case RemoveOwners(owners):
            changes = _without("owners", file.owners, [o in owners for o in file.owners])
        case SetOwners(owners):
            changes = {} if owners == file.owners else {("owners",): list(owners) or REMOVE}
        case SetModel(model):
            changes = {} if model == file.model else {("model",): model or REMOVE}
        case _:
            raise AssertionError(f"{operation} is no edit of the file")
    try:
        return edit(text, changes)
    except (CannotEdit, CannotWrite) as error:
        raise NotPossible(str(error)) from error


def _appended(key: str, there: Any, new: Sequence[str]) -> dict[Sequence[str | int], Any]:
    if not new:
        return {}
    if not there:
        return {(key,): list(new)}
    return {(key, len(there) + number): value for number, value in enumerate(new)}


def _without(
    key: str, there: Sequence[str], gone: Sequence[bool]
) -> dict[Sequence[str | int], Any]:
    if there and all(gone):
        return {(key,): REMOVE}
    return {(key, number): REMOVE for number in reversed(range(len(there))) if gone[number]}
