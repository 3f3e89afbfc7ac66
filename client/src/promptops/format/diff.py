"""What differs between two prompt files: by key, and as text.

Owns comparison only. Which two versions are compared is the caller's choice.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .editor import same
from .model import PromptFile
from .problem import KeyPath, key_text


@dataclass(frozen=True, slots=True)
class Change:
    """One key whose value differs. `before` or `after` is None where the key is absent.

    `kind` is `added`, `removed` or `changed`; it also tells an absent key from a null.
    """

    key: str
    before: Any
    after: Any
    kind: str


def diff_prompts(a: PromptFile | None, b: PromptFile | None) -> list[Change]:
    """The keys that differ, as deep as both sides have the same shape, in the order of `b`.

    None stands for a file that does not exist. Keys with equal values in another order, and
    comments, are no difference.
    """
    before: Mapping[str, Any] = a.data if a is not None else {}
    after: Mapping[str, Any] = b.data if b is not None else {}
    changes: list[Change] = []
    _compare((), before, after, changes)
    return changes


def unified(text_a: str, text_b: str, label_a: str, label_b: str) -> str:
    """The difference as a unified diff with three lines of context; "" when the texts are equal."""
    pieces = []
    lines = difflib.unified_diff(
        text_a.splitlines(keepends=True), text_b.splitlines(keepends=True), label_a, label_b
    )
    for line in lines:
        pieces.append(line)
        if not line.endswith("\n"):
            pieces.append("\n\\ No newline at end of file\n")
    return "".join(pieces)


def _compare(path: KeyPath, before: Any, after: Any, changes: list[Change]) -> None:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*after, *(name for name in before if name not in after)]:
            _compare_member((*path, name), before, after, name, changes)
    elif isinstance(before, list) and isinstance(after, list) and path:
        for index in range(max(len(before), len(after))):
            _compare_member(
                (*path, index), dict(enumerate(before)), dict(enumerate(after)), index, changes
            )
    else:
        changes.append(Change(key_text(path), before, after, "changed"))


def _compare_member(
    path: KeyPath,
    before: Mapping[Any, Any],
    after: Mapping[Any, Any],
    name: str | int,
    changes: list[Change],
) -> None:
    if name not in before:
        changes.append(Change(key_text(path), None, after[name], "added"))
    elif name not in after:
        changes.append(Change(key_text(path), before[name], None, "removed"))
    else:
        _compare(path, before[name], after[name], changes)
