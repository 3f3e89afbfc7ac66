"""Where two lists of lines differ: the runs of changed lines, placed as Git places them.

Owns the placing; which lines are the same is `diff_sequences`, what two sets of changes make together is `merge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .diff_sequences import Effort, gaps_between, matching_blocks


@dataclass(frozen=True, slots=True)
class Hunk:
    """`a[a_lo:a_hi]` became `b[b_lo:b_hi]`; one of them may be empty. At least one line stands between two hunks."""

    a_lo: int
    a_hi: int
    b_lo: int
    b_hi: int


def changes(a: Sequence[str], b: Sequence[str], effort: Effort | None = None) -> list[Hunk]:
    """The hunks that turn `a` into `b`, in order."""
    gaps = (gap for gap, _ in gaps_between(matching_blocks(a, b, effort), len(a), len(b)))
    hunks = [Hunk(*gap) for gap in gaps if gap.a_end > gap.a or gap.b_end > gap.b]
    return _lowered(hunks, a, b)


def _lowered(hunks: Sequence[Hunk], a: Sequence[str], b: Sequence[str]) -> list[Hunk]:
    """Which of several equal lines was added or removed is a matter of taste: the lowest, as in Git.

    A hunk that can reach a neighbour becomes one with it.
    """
    todo = list(hunks)[::-1]
    done: list[Hunk] = []
    while todo:
        hunk = todo.pop()
        after = todo[-1] if todo else None
        down = _room(hunk, a, b, after.a_lo - hunk.a_hi if after else len(a) - hunk.a_hi, 1)
        if after is not None and hunk.a_hi + down == after.a_lo:
            todo[-1] = _joined(_moved(hunk, down), after)
            continue
        before = done[-1] if done else None
        if before is not None:
            gap = hunk.a_lo - before.a_hi
            if _room(hunk, a, b, gap, -1) == gap:
                done.pop()
                todo.append(_joined(before, _moved(hunk, -gap)))
                continue
        done.append(_moved(hunk, down))
    return done


def _room(hunk: Hunk, a: Sequence[str], b: Sequence[str], most: int, step: int) -> int:
    """By how many of `most` unchanged lines a pure insertion or removal can move."""
    if hunk.a_lo == hunk.a_hi:
        lines, lo, hi = b, hunk.b_lo, hunk.b_hi
    elif hunk.b_lo == hunk.b_hi:
        lines, lo, hi = a, hunk.a_lo, hunk.a_hi
    else:
        return 0
    moved = 0
    if step > 0:
        while moved < most and lines[lo + moved] == lines[hi + moved]:
            moved += 1
    else:
        while moved < most and lines[lo - 1 - moved] == lines[hi - 1 - moved]:
            moved += 1
    return moved


def _moved(hunk: Hunk, by: int) -> Hunk:
    return Hunk(hunk.a_lo + by, hunk.a_hi + by, hunk.b_lo + by, hunk.b_hi + by) if by else hunk


def _joined(upper: Hunk, lower: Hunk) -> Hunk:
    return Hunk(upper.a_lo, lower.a_hi, upper.b_lo, lower.b_hi)
