"""What the routes of working copies read and answer, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import to_text
from promptops_server.registry.working_copies.look import Shown
from promptops_server.registry.working_copies.model import (
    DAY_US,
    Share,
    Standing,
    WorkingCopy,
)

_Version = Annotated[int, Field(ge=0, lt=1_000_000_000)]


class SaveIn(BaseModel):
    """A text to be kept."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="The whole file, whatever is in it; at most 1 MiB")
    parent: _Version | None = Field(
        default=None,
        description="The version it was made from, 0 for a new prompt. Without it: as before, "
        "and for a new copy the newest version",
    )
    message: Lines | None = Field(
        default=None, description="What a commit will say; without it: as before"
    )


class ShareIn(BaseModel):
    """How long a link works."""

    model_config = ConfigDict(extra="forbid")

    expires_at: Line | None = Field(default=None, description="RFC 3339; null: until revoked")


class CommitIn(BaseModel):
    """What the new version says."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(
        default=None, description="At most 500 characters; without it the copy's own"
    )


class RebaseIn(BaseModel):
    """What to do where both sides changed the same lines."""

    model_config = ConfigDict(extra="forbid")

    prefer: Literal["yours", "theirs"] | None = Field(
        default=None, description="The side to take; null marks the conflict in the text"
    )


class ShareOut(BaseModel):
    """A link to a working copy."""

    id: str
    created_at: str
    expires_at: str | None


class CopyItem(BaseModel):
    """A working copy in a list."""

    id: str
    address: str
    project: str
    path: str
    revision: int
    parent: int | None = Field(description="The version it was made from; null: the prompt is new")
    newest_version: int | None = Field(description="Null: there is no such prompt")
    behind: int = Field(description="Versions made since the parent")
    parent_gone: bool = Field(description="The prompt was archived")
    message: str
    share: ShareOut | None
    created_at: str
    updated_at: str
    removed_at: str = Field(description="When it is removed unless it is saved again")


class CopyPage(BaseModel):
    """A page of working copies."""

    items: list[CopyItem]
    next: str | None


class ConflictOut(BaseModel):
    """A place both sides changed; lines count from 1 and include the markers."""

    start_line: int
    end_line: int
    base: str | None
    yours: str
    theirs: str


class NewestOut(BaseModel):
    """The newest version of the prompt."""

    version: int
    author: str
    message: str
    created_at: str


class CopyState(CopyItem):
    """A working copy with what is said about its text."""

    owner: str
    newest: NewestOut | None
    moved_to: str | None = Field(description="Where the archived prompt's content went on")
    undo: Literal["rebase", "take", "undo"] | None = Field(
        description="What replaced the text that undoing brings back; null: nothing to undo"
    )
    valid: bool = Field(description="Whether it could be committed as far as its text goes")
    problems: list[dict[str, Any]]
    conflicts: list[ConflictOut]


class CopyOut(CopyState):
    """A working copy with its text."""

    text: str
    diff: str | None = Field(description="To the parent, if asked for")


class SharedOut(CopyState):
    """Somebody's working copy, to read."""

    text: str
    diff: str = Field(description="To the parent")


def share_out(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {
        "id": share.id,
        "created_at": to_text(share.created_at),
        "expires_at": None if share.expires_at is None else to_text(share.expires_at),
    }


def item_fields(copy: WorkingCopy, stands: Standing, keep_days: float) -> dict[str, Any]:
    """The members of a working copy in a list."""
    return {
        "id": copy.id,
        "address": copy.address,
        "project": copy.project,
        "path": copy.path,
        "revision": copy.revision,
        "parent": copy.parent,
        "newest_version": stands.newest,
        "behind": stands.behind,
        "parent_gone": stands.gone,
        "message": copy.message,
        "share": share_out(copy.share),
        "created_at": to_text(copy.created_at),
        "updated_at": to_text(copy.updated_at),
        "removed_at": to_text(copy.updated_at + int(keep_days * DAY_US)),
    }


def state_fields(shown: Shown, keep_days: float) -> dict[str, Any]:
    """The members of a working copy without its text."""
    newest = shown.newest
    return {
        **item_fields(shown.copy, shown.standing, keep_days),
        "owner": shown.copy.owner_name,
        "newest": None
        if newest is None
        else {
            "version": newest.number,
            "author": newest.author_name,
            "message": newest.message,
            "created_at": to_text(newest.created_at),
        },
        "moved_to": shown.standing.moved_to,
        "undo": shown.copy.undo,
        "valid": shown.valid,
        "problems": [dict(problem) for problem in shown.problems],
        "conflicts": [
            {
                "start_line": c.start_line,
                "end_line": c.end_line,
                "base": c.base,
                "yours": c.yours,
                "theirs": c.theirs,
            }
            for c in shown.conflicts
        ],
    }


def copy_fields(shown: Shown, keep_days: float) -> dict[str, Any]:
    """The members of a working copy with its text."""
    return {**state_fields(shown, keep_days), "text": shown.copy.text, "diff": shown.diff}
