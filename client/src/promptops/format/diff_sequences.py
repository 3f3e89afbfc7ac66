"""Which items two sequences share, in order: what every comparison of texts and lists here stands on.

Owns the matching and its bound in time. What the items are (lines, words, messages) is the caller's.

First the shared start and end are set aside, and items only one side has. The rest is matched by
Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986), which is exact and quick while little
differs. Where much differs, items that occur once on each side split the work (patience diff).
What is still too much for the effort allowed counts as replaced altogether: coarser, never wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_STEPS = 3_000_000
"""Steps of one comparison; about 0.3 s of one core."""

_FEW_EDITS = 128
_MOST_EDITS = 1_000
# Prices, in steps along a diagonal: to look at an item, to take up a diagonal.
_ITEM = 2
_DIAGONAL = 4


@dataclass(slots=True)
class Effort:
    """What may still be spent on a comparison. One is shared by all texts of a prompt.

    `short` says that something was too much and was taken as replaced.
    """

    steps: int = MAX_STEPS
    short: bool = False


class Block(NamedTuple):
    """`size` items from `a` on in the first sequence are those from `b` on in the second."""

    a: int
    b: int
    size: int


class Gap(NamedTuple):
    """What lies between two blocks: these items of the first became those of the second."""

    a: int
    a_end: int
    b: int
    b_end: int


def matching_blocks(
    a: Sequence[str], b: Sequence[str], effort: Effort | None = None
) -> list[Block]:
    """What the sequences share, in the order of both; comparing b with a gives the same blocks turned round."""
    first, second = list(a), list(b)
    swap = second < first
    if swap:
        first, second = second, first
    ids: dict[str, int] = {}
    pairs = _match(
        [ids.setdefault(item, len(ids)) for item in first],
        [ids.setdefault(item, len(ids)) for item in second],
        effort or Effort(),
    )
    blocks: list[Block] = []
    for x, y, size in sorted(pairs):
        start, other = (y, x) if swap else (x, y)
        last = blocks[-1] if blocks else None
        if last is not None and last.a + last.size == start and last.b + last.size == other:
            blocks[-1] = Block(last.a, last.b, last.size + size)
        else:
            blocks.append(Block(start, other, size))
    return blocks


def gaps_between(blocks: Sequence[Block], a_size: int, b_size: int) -> Iterator[tuple[Gap, Block]]:
    """Each gap (perhaps empty) with the block after it; the last block is empty, at the ends."""
    a = b = 0
    for block in [*blocks, Block(a_size, b_size, 0)]:
        yield Gap(a, block.a, b, block.b), block
        a, b = block.a + block.size, block.b + block.size


def _match(a: list[int], b: list[int], effort: Effort) -> list[Block]:
    found: list[Block] = []
    waiting = [Gap(0, len(a), 0, len(b))]
    while waiting:
        region = _trim(a, b, waiting.pop(), found)
        if region.a == region.a_end or region.b == region.b_end:
            continue
        effort.steps -= _ITEM * (region.a_end - region.a + region.b_end - region.b)
        left, right = _shared(a, b, region)
        if not left or not right:
            continue
        pairs = _myers([a[i] for i in left], [b[i] for i in right], _FEW_EDITS, effort)
        if pairs is None:
            anchors = _anchors(a, b, left, right) if effort.steps > 0 else []
            if anchors:
                waiting += _split(region, anchors)
                found += (Block(x, y, 1) for x, y in anchors)
                continue
            pairs = _myers([a[i] for i in left], [b[i] for i in right], _MOST_EDITS, effort)
        if pairs is None:
            effort.short = True
            continue
        found += (Block(left[x], right[y], 1) for x, y in pairs)
    return found


def _trim(a: list[int], b: list[int], region: Gap, found: list[Block]) -> Gap:
    """Set the shared start and end aside, into `found`."""
    start, a_end, other, b_end = region
    while start < a_end and other < b_end and a[start] == b[other]:
        start += 1
        other += 1
    if start > region.a:
        found.append(Block(region.a, region.b, start - region.a))
    while start < a_end and other < b_end and a[a_end - 1] == b[b_end - 1]:
        a_end -= 1
        b_end -= 1
    if a_end < region.a_end:
        found.append(Block(a_end, b_end, region.a_end - a_end))
    return Gap(start, a_end, other, b_end)


def _shared(a: list[int], b: list[int], region: Gap) -> tuple[list[int], list[int]]:
    """The places whose item the other side has, too."""
    in_a, in_b = set(a[region.a : region.a_end]), set(b[region.b : region.b_end])
    return (
        [i for i in range(region.a, region.a_end) if a[i] in in_b],
        [i for i in range(region.b, region.b_end) if b[i] in in_a],
    )


def _anchors(
    a: list[int], b: list[int], left: list[int], right: list[int]
) -> list[tuple[int, int]]:
    """Items that occur once on each side, the longest run of them that is in the same order."""
    once_a, once_b = Counter(a[i] for i in left), Counter(b[i] for i in right)
    place = {b[i]: i for i in right if once_b[b[i]] == 1}
    pairs = [(i, place[a[i]]) for i in left if once_a[a[i]] == 1 and a[i] in place]
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for number, (_, y) in enumerate(pairs):
        pile = bisect_left(ends, y)
        before.append(at[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(y)
            at.append(number)
        else:
            ends[pile], at[pile] = y, number
    chain: list[tuple[int, int]] = []
    number = at[-1] if at else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _split(region: Gap, anchors: list[tuple[int, int]]) -> list[Gap]:
    found: list[Gap] = []
    a, b = region.a, region.b
    for x, y in [*anchors, (region.a_end, region.b_end)]:
        if x > a and y > b:
            found.append(Gap(a, x, b, y))
        a, b = x + 1, y + 1
    return found


def _myers(a: list[int], b: list[int], most: int, effort: Effort) -> list[tuple[int, int]] | None:
    """The pairs of a shortest edit script; None when it has more than `most` edits, or effort runs out."""
    n, m = len(a), len(b)
    most = min(most, n + m)
    middle = most + 1
    reach = [0] * (2 * most + 3)  # per diagonal x - y how far x got
    trail: list[list[int]] = []
    steps = effort.steps
    for edits in range(most + 1):
        if steps <= 0:
            break
        trail.append(reach[middle - edits - 1 : middle + edits + 2])
        low = -(edits - 2 * max(0, edits - m))
        high = edits - 2 * max(0, edits - n)
        for diagonal in range(low, high + 1, 2):
            k = middle + diagonal
            down = diagonal == -edits or (diagonal != edits and reach[k - 1] < reach[k + 1])
            x = start = reach[k + 1] if down else reach[k - 1] + 1
            y = x - diagonal
            while x < n and y < m and a[x] == b[y]:
                x += 1
                y += 1
            reach[k] = x
            steps -= _DIAGONAL + x - start
            if x >= n and y >= m:
                effort.steps = steps
                return _walk_back(trail, n, m)
            if steps <= 0:
                break
    effort.steps = steps
    return None


def _walk_back(trail: list[list[int]], n: int, m: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    x, y = n, m
    for edits in range(len(trail) - 1, -1, -1):
        reach, middle = trail[edits], edits + 1
        k = middle + x - y
        down = x - y == -edits or (x - y != edits and reach[k - 1] < reach[k + 1])
        start = 0 if edits == 0 else reach[k + 1] if down else reach[k - 1] + 1
        while x > start:
            x -= 1
            y -= 1
            pairs.append((x, y))
        if down:
            y -= 1
        else:
            x -= 1
    return pairs[::-1]
