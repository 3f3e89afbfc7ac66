"""The refusals that several use cases of working copies share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptops_server.infra.clock import to_text
from promptops_server.infra.problems import BadRequest, Conflict, Invalid, NotFound, TooLarge
from promptops_server.registry.content import MAX_FILE_BYTES
from promptops_server.registry.working_copies.model import WorkingCopy

MOST_MARKERS = 100
"""Conflict markers that are listed; a text has few."""


def tag_of(copy: WorkingCopy) -> str:
    """The entity tag of a working copy: its revision, and which copy of this path it is."""
    return f'"w{copy.revision}.{copy.tail}"'


def no_copy(project: str, path: str) -> NotFound:
    return NotFound(
        f"You have no working copy of {project}/{path[:200]}.",
        remedy="Save its text to make one; a copy is gone once it is committed or discarded.",
        slug="no-working-copy",
    )


def no_share() -> NotFound:
    """Revoked, expired, never there or not for this actor: the same on purpose."""
    return NotFound(
        "There is no shared working copy behind this link that you may read.",
        remedy="Ask whoever sent it: a link ends when it is revoked, expires, or its copy is "
        "committed or discarded.",
    )


def stale(copy: WorkingCopy) -> Conflict:
    """The copy was saved from somewhere else; shows what is there now."""
    return Conflict(
        f"Your working copy of {copy.address} was saved from somewhere else; "
        f"it is at revision {copy.revision} now.",
        remedy=f"Take over what you need, then send If-Match: {tag_of(copy)}.",
        slug="stale-working-copy",
        current={
            "revision": copy.revision,
            "etag": tag_of(copy),
            "parent": copy.parent,
            "updated_at": to_text(copy.updated_at),
            "message": copy.message,
            "text": copy.text,
        },
    )


def gone(project: str, path: str, newest: int | None) -> Conflict:
    """A save names a state, and there is no copy any more."""
    return Conflict(
        f"Your working copy of {project}/{path} is gone: it was committed or discarded.",
        remedy="Send the text without If-Match to start a new one"
        + (f"; the newest version is {newest}." if newest else "."),
        slug="no-working-copy",
        current={"version": newest},
    )


def check_text(text: str) -> str:
    """A text that can be kept.

    Raises:
        TooLarge: over the limit of a prompt file.
        BadRequest: it holds NUL or half a surrogate pair, which no database keeps.
    """
    at = text.find("\0")
    try:  # by the encoder: looking at a megabyte character by character takes longer than all the rest
        size = len(text.encode())
    except UnicodeEncodeError as error:
        size, at = 0, error.start
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        raise BadRequest(f"Line {line} holds the character U+{ord(text[at]):04X}; send plain text.")
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"A working copy has at most {MAX_FILE_BYTES:,} bytes; this has {size:,}.",
            remedy="Pass long texts as inputs, or split the prompt.",
        )
    return text


def marker_problems(lines: Sequence[int]) -> list[dict[str, Any]]:
    """Conflict markers as findings in the file."""
    return [
        {
            "severity": "error",
            "code": "conflict-marker",
            "message": "a conflict marker of a rebase is left",
            "key": "",
            "line": line,
            "column": 1,
            "fix": "keep the lines that should stay and remove the marker",
        }
        for line in lines[:MOST_MARKERS]
    ]


def refuse_markers(file: str, lines: Sequence[int]) -> None:
    """Raises Invalid while a conflict marker is left."""
    if lines:
        named = ", ".join(map(str, lines[:12])) + (", …" if len(lines) > 12 else "")
        raise Invalid(
            f"{file} holds conflict markers in {'line' if len(lines) == 1 else 'lines'} {named}.",
            remedy="Keep the lines that should stay and remove the markers; or rebase with "
            "prefer: yours or theirs.",
            slug="conflict-markers",
            errors=[{"file": file, **problem} for problem in marker_problems(lines)],
        )
