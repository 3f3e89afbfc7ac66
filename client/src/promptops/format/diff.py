"""What differs between two prompt files: by key, and as text.

Owns comparison only. Which two versions are compared is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .diff_sequences import Effort, Gap, gaps_between, matching_blocks
from .diff_words import lines_of
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


def unified(
    text_a: str, text_b: str, label_a: str, label_b: str, effort: Effort | None = None
) -> str:
    """The difference as a unified diff with three lines of context; "" when the texts are equal.

    Lines end where Git ends them. What is too much to compare is shown as replaced (`diff_sequences`).
    """
    if text_a == text_b:
        return ""
    a, b = lines_of(text_a), lines_of(text_b)
    blocks = matching_blocks(a, b, effort)
    pieces = [f"--- {label_a}\n", f"+++ {label_b}\n"]
    for hunk in _hunks([gap for gap, _ in gaps_between(blocks, len(a), len(b))]):
        first, last = hunk[0], hunk[-1]
        before = min(_CONTEXT, first.a)
        after = min(_CONTEXT, len(a) - last.a_end)
        old = _range(first.a - before, last.a_end + after)
        new = _range(first.b - before, last.b_end + after)
        pieces.append(f"@@ -{old} +{new} @@\n")
        done = first.a - before
        for gap in hunk:
            pieces += (_line(" ", line) for line in a[done : gap.a])
            pieces += (_line("-", line) for line in a[gap.a : gap.a_end])
            pieces += (_line("+", line) for line in b[gap.b : gap.b_end])
            done = gap.a_end
        pieces += (_line(" ", line) for line in a[done : last.a_end + after])
    return "".join(pieces)


_CONTEXT = 3


def _hunks(gaps: list[Gap]) -> list[list[Gap]]:
    """The changes, together where no more than twice the context lies between them."""
    hunks: list[list[Gap]] = []
    for gap in gaps:
        if gap.a == gap.a_end and gap.b == gap.b_end:
            continue
        if hunks and gap.a - hunks[-1][-1].a_end <= 2 * _CONTEXT:
            hunks[-1].append(gap)
        else:
            hunks.append([gap])
    return hunks


def _range(start: int, end: int) -> str:
    """Lines as a hunk's head names them: from 1, an empty range by the line before it."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"


def _line(sign: str, line: str) -> str:
    return sign + line if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _compare(path: KeyPath, before: Any, after: Any, changes: list[Change]) -> None:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*after, *(name for name in before if name not in after)]:
            _compare_member((*path, name), before, after, name, changes)
    elif isinstance(before, list) and isinstance(after, list) and path:
        old, new = dict(enumerate(before)), dict(enumerate(after))
        for index in range(max(len(before), len(after))):
            _compare_member((*path, index), old, new, index, changes)
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
