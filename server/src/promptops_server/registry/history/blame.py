"""Who wrote each line of a prompt: the version that last changed it, across moves.

Goes down the prompt's line of versions and asks, at each step, which of the lines not explained yet the version before
did not have. Lines are Git's: only a line feed ends one. Stops when every line is explained.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from promptops.format.diff_sequences import Block, matching_blocks
from promptops_server.registry.git import read
from promptops_server.registry.history.lineage import Place, origin_of, walk
from promptops_server.registry.model import Project, Version

MAX_VERSIONS = 10_000
MAX_BYTES = 192 * 1024 * 1024
"""Of files read for one answer: 200 versions of the largest file, about a second of work."""
_BATCH = 32
_BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file without its end, and the version that last changed it.

    `original_line` is its number there, from 1. Both are None when the walk ended before an answer was found.
    """

    text: str
    version: Version | None
    original_line: int | None


@dataclass(frozen=True, slots=True)
class Blame:
    """Every line of `version`. Not `complete`: the lines without a version are as old as `walked_to`, or older."""

    version: Version
    lines: tuple[Line, ...]
    complete: bool
    walked_to: Version


class _Run(NamedTuple):
    """`size` lines not explained yet, from `line` on in the file looked at, from `asked` on in the one asked about."""

    line: int
    asked: int
    size: int


@dataclass
class _Tracing:
    """What is explained, by line of the file asked about, and what is not: runs in the order of the file."""

    open: list[_Run]
    found: dict[int, tuple[Version, int]] = field(default_factory=dict)

    def step(self, version: Version, newer: bytes, older: bytes) -> None:
        """Explain by `version` what its file has and the one before it has not; the rest is looked for further down."""
        frame = _frame(newer, older)
        blocks: list[Block] | None = None
        still: list[_Run] = []
        for run in self.open:
            above, inside, below = _cut(run, frame.first, frame.first + frame.lines)
            if above is not None:
                still.append(above)
            if inside is not None:
                if blocks is None:
                    blocks = matching_blocks(_split(frame.middle), _split(frame.was))
                still += self._look_inside(version, inside, frame.first, blocks)
            if below is not None:
                still.append(below._replace(line=below.line + frame.shift))
        self.open = still

    def _look_inside(
        self, version: Version, run: _Run, first: int, blocks: list[Block]
    ) -> Iterator[_Run]:
        """The parts of a run that the older file has; the lines between them are by `version`."""
        done = run.line
        end = run.line + run.size
        at = max(bisect_right(blocks, (run.line - first, 2**31)) - 1, 0)
        for block in blocks[at:]:
            start = max(done, first + block.a)
            stop = min(end, first + block.a + block.size)
            if first + block.a >= end:
                break
            if start < stop:
                self._explain(version, _part(run, done, start))
                kept = _part(run, start, stop)
                yield kept._replace(line=start - block.a + block.b)
                done = stop
        self._explain(version, _part(run, done, end))

    def _explain(self, version: Version, run: _Run) -> None:
        for step in range(run.size):
            self.found[run.asked + step] = (version, run.line + step)

    def end(self, version: Version) -> None:
        """There is nothing before `version`: it has written all that is left."""
        for run in self.open:
            self._explain(version, run)
        self.open = []


def _part(run: _Run, start: int, stop: int) -> _Run:
    return _Run(start, run.asked + start - run.line, stop - start)


def _cut(run: _Run, first: int, last: int) -> tuple[_Run | None, _Run | None, _Run | None]:
    """The parts of a run above, in and below the lines from `first` up to `last`."""
    end = run.line + run.size
    one, two = min(max(first, run.line), end), min(max(last, run.line), end)
    return (
        _part(run, run.line, one) if one > run.line else None,
        _part(run, one, two) if two > one else None,
        _part(run, two, end) if end > two else None,
    )


def blame_prompt(
    conn: Connection,
    project: Project,
    version: Version,
    *,
    max_versions: int = MAX_VERSIONS,
    max_bytes: int = MAX_BYTES,
) -> Blame:
    """Explain every line of a version's file."""
    content = read.blob(conn, project.id, version.blob)
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    tracing = _Tracing([_Run(0, 0, len(lines))])
    looked_at, text = version, content
    spent = 0
    for count, (older, older_text) in enumerate(_files(conn, project, origin_of(version)), 1):
        spent += len(older_text)
        tracing.step(looked_at, text, older_text)
        looked_at, text = older, older_text
        if not tracing.open or count >= max_versions or spent >= max_bytes:
            break
    if origin_of(looked_at) is None:
        tracing.end(looked_at)
    told = tuple(_line(number, raw, tracing) for number, raw in enumerate(lines))
    return Blame(version, told, not tracing.open, looked_at)


def _line(number: int, raw: bytes, tracing: _Tracing) -> Line:
    text = raw.decode("utf-8", "replace")
    if number not in tracing.found:
        return Line(text, None, None)
    version, line = tracing.found[number]
    return Line(text, version, line + 1)


def _files(
    conn: Connection, project: Project, start: Place | None
) -> Iterator[tuple[Version, bytes]]:
    """The versions from a place on with their files, read in batches that grow while the files are small."""
    if start is None:
        return
    batch: list[Version] = []
    size = 4
    for version in walk(conn, project, start):
        batch.append(version)
        if len(batch) >= size:
            largest = yield from _read(conn, project, batch)
            size = max(1, min(_BATCH, 4 * len(batch), _BATCH_BYTES // max(largest, 1)))
            batch = []
    yield from _read(conn, project, batch)


def _read(
    conn: Connection, project: Project, versions: list[Version]
) -> Generator[tuple[Version, bytes], None, int]:
    blobs = read.blobs(conn, project.id, {v.blob for v in versions}) if versions else {}
    for version in versions:
        yield version, blobs[version.blob]
    return max(map(len, blobs.values()), default=0)


class _Frame(NamedTuple):
    """Where two files differ: `lines` lines from `first` on in the newer one, the texts there, and how far all below shifts."""

    first: int
    lines: int
    middle: bytes
    was: bytes
    shift: int


def _frame(newer: bytes, older: bytes) -> _Frame:
    """What both files begin and end with is found by halving, so that a small change costs no look at each line."""
    start = newer.rfind(b"\n", 0, _common(newer, older)) + 1
    tail = _common_end(newer, older, start)
    middle, was = newer[start : len(newer) - tail], older[start : len(older) - tail]
    lines = _count(middle)
    return _Frame(newer.count(b"\n", 0, start), lines, middle, was, _count(was) - lines)


def _count(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n") and bool(text))


def _split(text: bytes) -> list[str]:
    """The lines with their ends, as texts that are equal exactly when the bytes are."""
    lines = text.decode("latin-1").split("\n")
    ended = [line + "\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _common(a: bytes, b: bytes) -> int:
    """How many bytes both begin with."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(a: bytes, b: bytes, start: int) -> int:
    """How many bytes both end with, whole lines only, and none before `start`."""
    low, high = 0, min(len(a), len(b)) - start
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    # A line at the cut is whole when the byte before it ends a line on both sides (or it begins there).
    while low:
        before_a, before_b = len(a) - low, len(b) - low
        if (before_a == start or a[before_a - 1 : before_a] == b"\n") and (
            before_b == start or b[before_b - 1 : before_b] == b"\n"
        ):
            return low
        cut = a.find(b"\n", before_a)
        low = len(a) - cut - 1 if cut >= 0 else 0
    return low
