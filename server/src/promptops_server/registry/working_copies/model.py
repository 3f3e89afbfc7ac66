"""The values of working copies, and what is said of one from them alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Undoable = Literal["rebase", "take", "undo"]
"""What replaced the text that is kept for undoing."""

DAY_US = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a working copy. Times are in microseconds since 1970; `expires_at` None means until revoked."""

    id: str
    created_at: int
    expires_at: int | None

    def open_at(self, now: int) -> bool:
        """Whether the link still works."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """One person's unsaved edit of one path. `text` is empty in lists, which do not read it.

    `parent` is the version it was made from, None for a prompt that is new. `revision` counts the saves. `undo` says
    what replaced the text that `undo` would bring back, None when there is none.
    """

    id: str
    project: str
    path: str
    owner: str
    owner_name: str
    parent: int | None
    revision: int
    message: str
    undo: Undoable | None
    share: Share | None
    created_at: int
    updated_at: int
    text: str = ""

    @property
    def address(self) -> str:
        return f"{self.project}/{self.path}"

    @property
    def tail(self) -> str:
        """Tells this copy from an earlier one of the same path, whose revisions count from 1 as well."""
        return self.id[-8:]


@dataclass(frozen=True, slots=True)
class Seen:
    """The state a change was made from, as its entity tag names it; `tail` is empty when the tag has only a number."""

    revision: int
    tail: str = ""

    def is_now(self, copy: WorkingCopy) -> bool:
        """Whether the copy is still in that state."""
        return self.revision == copy.revision and self.tail in ("", copy.tail)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a working copy stands to its prompt. `newest` is None when there is no such prompt.

    `behind` counts the versions made since the parent. `gone`: the prompt was archived; `moved_to` then is the address
    (``module/prompt``) where its content went on, if it did.
    """

    newest: int | None
    behind: int
    gone: bool
    moved_to: str | None = None


def standing(parent: int | None, newest: int | None, *, archived: bool) -> Standing:
    """The standing of a copy made from `parent`, given the newest version of its path."""
    if newest is None:
        return Standing(None, 0, gone=parent is not None)
    if archived and parent is None:
        return Standing(newest, 0, gone=False)  # written anew, as for a path that never was
    return Standing(newest, newest - (parent or 0), gone=archived)
