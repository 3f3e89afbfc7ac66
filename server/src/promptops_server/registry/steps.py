"""The numbering rule: which version numbers the steps of a change give. Pure.

Numbers belong to addresses and are assigned once, inside the project lock. Which steps a push consists of is said by
`git.read.first_parent_steps`; an edit here is one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Change:
    """A prompt file before and after a step: blob ids, None where the file is absent."""

    path: str
    extension: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One commit with the prompt files it changes.

    `moves` says which address a new one takes over from, where whoever made the commit knows it: the content may then
    differ a little (a tag added on the way). Other moves are told by identical content.
    """

    commit: str
    changes: tuple[Change, ...]
    moves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressState:
    """What is known of an address: its last number and its files by extension (none: archived)."""

    latest: int = 0
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def extension(self) -> str | None:
        """The extension of the file that counts; None when the address is archived."""
        return min(self.files, key=lambda e: (len(e), e)) if self.files else None

    @property
    def blob(self) -> str | None:
        """The content of the address; None when it is archived."""
        extension = self.extension
        return None if extension is None else self.files[extension]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A version to be written."""

    path: str
    number: int
    commit: str
    blob: str
    moved_from: str | None = None


@dataclass(frozen=True, slots=True)
class Numbering:
    """All versions of the steps in order, and every touched address afterwards."""

    versions: tuple[Numbered, ...]
    addresses: Mapping[str, AddressState]


def number_steps(steps: Iterable[Step], known: Mapping[str, AddressState]) -> Numbering:
    """Number the versions of `steps`. `known` holds at least every address that existed before.

    A step that changes an address's content gives its next number. Content that disappears at one address and appears
    at another in the same step has moved: it starts (or continues) there, with `moved_from`. An address without a file
    is archived and continues its numbers when a file returns.
    """
    now: dict[str, AddressState] = {}
    versions: list[Numbered] = []
    for step in steps:
        before: dict[str, AddressState] = {}
        for change in step.changes:
            state = now.get(change.path) or known.get(change.path) or AddressState()
            before.setdefault(change.path, state)
            files = {e: b for e, b in state.files.items() if e != change.extension}
            if change.new is not None:
                files[change.extension] = change.new
            now[change.path] = replace(state, files=files)
        moves = _moves(before, now, step.moves)
        for path in sorted(before):
            was, state = before[path], now[path]
            blob = state.blob
            if blob is None or blob == was.blob:
                continue
            state = now[path] = replace(state, latest=was.latest + 1)
            versions.append(Numbered(path, state.latest, step.commit, blob, moves.get(path)))
    return Numbering(tuple(versions), now)


def _moves(
    before: Mapping[str, AddressState], after: Mapping[str, AddressState], told: Mapping[str, str]
) -> dict[str, str]:
    """New address → where its content was: as told, else identical content; each source once, the same name first."""
    moves = {path: f"{source}@{before[source].latest}" for path, source in told.items()}
    taken = set(told.values())
    gone: dict[str, list[str]] = {}
    for path in sorted(before):
        blob = before[path].blob
        if blob is not None and after[path].blob is None and path not in taken:
            gone.setdefault(blob, []).append(path)
    if not gone:
        return moves
    arrived = [
        (path, blob)
        for path in sorted(before)
        if before[path].blob is None and (blob := after[path].blob) is not None and blob in gone
    ]
    for same_name in (True, False):
        for path, blob in arrived:
            sources = gone[blob]
            if path in moves or not sources:
                continue
            source = next((s for s in sources if _last(s) == _last(path)), None)
            if source is None and not same_name:
                source = sources[0]
            if source is not None:
                sources.remove(source)
                moves[path] = f"{source}@{before[source].latest}"
    return moves


def _last(path: str) -> str:
    return path.rpartition("/")[2]
