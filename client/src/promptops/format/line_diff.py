"""Where two lists of lines differ, in bounded time: the runs of changed lines, placed as Git places them.

Owns alignment only; `merge` decides what two sets of changes make together. A shortest script is found by Myers'
greedy algorithm. Texts for which that would take too long are cut at lines that occur once on both sides, and what is
still too different counts as changed as a whole: a coarser answer, never a wrong one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STEPS = 1_500_000
"""Comparisons spent on one pair of texts, about a second."""

_Pair = tuple[int, int]
_Run = tuple[int, int, int]
"""So many equal lines from here on in `a` and in `b`."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """`a[a_lo:a_hi]` became `b[b_lo:b_hi]`; one of them may be empty. At least one line stands between two hunks."""

    a_lo: int
    a_hi: int
    b_lo: int
    b_hi: int


def changes(a: Sequence[str], b: Sequence[str], *, steps: int = STEPS) -> list[Hunk]:
    """The hunks that turn `a` into `b`, in order."""
    numbers: dict[str, int] = {}
    left = [numbers.setdefault(line, len(numbers)) for line in a]
    right = [numbers.setdefault(line, len(numbers)) for line in b]
    equal = _Aligner(left, right, steps).align()
    return _lowered(_between(equal, len(left), len(right)), left, right)


class _Aligner:
    """Finds runs of equal lines, ascending on both sides, while its steps last."""

    def __init__(self, a: Sequence[int], b: Sequence[int], steps: int) -> None:
        self._a = a
        self._b = b
        self._steps = steps

    def align(self) -> list[_Run]:
        return list(self._range(0, len(self._a), 0, len(self._b)))

    def _range(self, a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> Iterator[_Run]:
        a, b = self._a, self._b
        most = min(a_hi - a_lo, b_hi - b_lo)
        head = 0
        while head < most and a[a_lo + head] == b[b_lo + head]:
            head += 1
        tail = 0
        while tail < most - head and a[a_hi - 1 - tail] == b[b_hi - 1 - tail]:
            tail += 1
        yield a_lo, b_lo, head
        yield from self._middle(a_lo + head, a_hi - tail, b_lo + head, b_hi - tail)
        yield a_hi - tail, b_hi - tail, tail

    def _middle(self, a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> Iterator[_Run]:
        in_a, in_b = set(self._a[a_lo:a_hi]), set(self._b[b_lo:b_hi])
        # Lines of one side alone are changed whatever else is; without them most edits are tiny.
        rows = [at for at in range(a_lo, a_hi) if self._a[at] in in_b]
        columns = [at for at in range(b_lo, b_hi) if self._b[at] in in_a]
        if not rows:
            return
        found = self._shortest([self._a[r] for r in rows], [self._b[c] for c in columns])
        if found is not None:
            yield from ((rows[r], columns[c], 1) for r, c in found)
            return
        anchors = self._anchors(a_lo, a_hi, b_lo, b_hi)
        if not anchors:
            return
        for row, column in anchors:
            yield from self._range(a_lo, row, b_lo, column)
            yield row, column, 1
            a_lo, b_lo = row + 1, column + 1
        yield from self._range(a_lo, a_hi, b_lo, b_hi)

    def _anchors(self, a_lo: int, a_hi: int, b_lo: int, b_hi: int) -> list[_Pair]:
        """The longest ascending series of lines that occur once on each side."""
        once_a = {x for x, n in Counter(self._a[a_lo:a_hi]).items() if n == 1}
        once = {x for x, n in Counter(self._b[b_lo:b_hi]).items() if n == 1 and x in once_a}
        column_of = {self._b[at]: at for at in range(b_lo, b_hi) if self._b[at] in once}
        ends: list[int] = []
        last: list[_Pair] = []
        before: dict[_Pair, _Pair | None] = {}
        for row in range(a_lo, a_hi):
            if self._a[row] not in once:
                continue
            pair = row, column_of[self._a[row]]
            at = bisect_left(ends, pair[1])
            before[pair] = last[at - 1] if at else None
            ends[at : at + 1], last[at : at + 1] = [pair[1]], [pair]
        series: list[_Pair] = []
        step = last[-1] if last else None
        while step is not None:
            series.append(step)
            step = before[step]
        return series[::-1]

    def _shortest(self, a: Sequence[int], b: Sequence[int]) -> list[_Pair] | None:
        """Myers (1986), figure 2: pairs of a shortest script; None when the steps run out."""
        n, m = len(a), len(b)
        furthest = {1: 0}
        history: list[array[int]] = []
        for depth in range(n + m + 1):
            self._steps -= depth + 1
            if self._steps < 0:
                return None
            row = array("i")
            for k in range(-depth, depth + 1, 2):
                down = k == -depth or (k != depth and furthest[k - 1] < furthest[k + 1])
                x = start = furthest[k + 1] if down else furthest[k - 1] + 1
                while x < n and x - k < m and a[x] == b[x - k]:
                    x += 1
                self._steps -= x - start
                furthest[k] = x
                row.append(x)
                if x >= n and x - k >= m:
                    return _trace_back(history, n, m)
            history.append(row)
        return []  # both empty

    # `history[depth]` holds the furthest x on the diagonals -depth, -depth + 2, …, depth.


def _trace_back(history: Sequence[array[int]], x: int, y: int) -> list[_Pair]:
    pairs: list[_Pair] = []
    for depth in range(len(history), 0, -1):
        row, k = history[depth - 1], x - y

        def reached(diagonal: int, row: array[int] = row, depth: int = depth) -> int:
            return row[(diagonal + depth - 1) // 2]

        down = k == -depth or (k != depth and reached(k - 1) < reached(k + 1))
        from_x = reached(k + 1) if down else reached(k - 1)
        from_y = from_x - (k + 1 if down else k - 1)
        start_x = from_x if down else from_x + 1
        while x > start_x:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        pairs.append((x, y))
    return pairs[::-1]


def _between(equal: Sequence[_Run], a_size: int, b_size: int) -> list[Hunk]:
    hunks: list[Hunk] = []
    a_lo = b_lo = 0
    for row, column, length in (*equal, (a_size, b_size, 1)):
        if length and (row > a_lo or column > b_lo):
            hunks.append(Hunk(a_lo, row, b_lo, column))
        if length:
            a_lo, b_lo = row + length, column + length
    return hunks


def _lowered(hunks: Sequence[Hunk], a: Sequence[int], b: Sequence[int]) -> list[Hunk]:
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


def _room(hunk: Hunk, a: Sequence[int], b: Sequence[int], most: int, step: int) -> int:
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
