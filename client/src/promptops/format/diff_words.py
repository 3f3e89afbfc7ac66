"""What differs between two texts, word by word.

Owns words and segments. Lines are matched first, words only inside the lines that differ; where that
would take too long or say too much, whole lines are shown instead (`granularity`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from .diff_sequences import Effort, Gap, gaps_between, matching_blocks

Op: TypeAlias = Literal["equal", "insert", "delete"]
Granularity: TypeAlias = Literal["words", "lines"]

MAX_SEGMENTS = 5_000
"""Of one text; a difference in more pieces is shown by lines."""

# Scripts written without spaces are compared letter by letter: Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Marks that belong to the letter before them, which `\w` leaves out.
_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u200c"
_LETTER = rf"(?:(?![{_UNSPACED}])[\w{_MARKS}])"
_WORD = re.compile(
    r"\{\{[^{}]*\}\}"  # a template variable or include is one word
    rf"|[{_UNSPACED}][{_MARKS}\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*"
    rf"|{_LETTER}+(?:['’]{_LETTER}+)*"
    r"|\r?\n"
    r"|[^\S\n]+"
    r"|.(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d.)*",  # punctuation; an emoji with all it consists of
    re.DOTALL,
)
_SAYS_SOMETHING = re.compile(r"\w|\{\{")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Segment(NamedTuple):
    """A piece of text that both sides have (`equal`), or only the later (`insert`) or earlier (`delete`)."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class TextDiff:
    """All pieces in order: those not inserted are the earlier text, those not deleted the later one."""

    segments: tuple[Segment, ...]
    granularity: Granularity = "words"

    @property
    def before(self) -> str:
        return "".join(s.text for s in self.segments if s.op != "insert")

    @property
    def after(self) -> str:
        return "".join(s.text for s in self.segments if s.op != "delete")

    def to_json(self) -> dict[str, Any]:
        return {
            "segments": [{"op": s.op, "text": s.text} for s in self.segments],
            "granularity": self.granularity,
        }


def diff_words(before: str, after: str, effort: Effort | None = None) -> TextDiff:
    """The difference of two texts; no segment but `equal` ones when they are the same.

    Comparing the other way round gives the same pieces with insert and delete exchanged.
    """
    if before == after:
        return TextDiff((Segment("equal", before),) if before else ())
    effort = effort or Effort()
    before_short, effort.short = effort.short, False
    a, b = lines_of(before), lines_of(after)
    blocks = matching_blocks(a, b, effort)
    short, effort.short = effort.short, False
    coarse: list[Segment] = []
    fine: list[Segment] = []
    for gap, block in gaps_between(blocks, len(a), len(b)):
        old, new = "".join(a[gap.a : gap.a_end]), "".join(b[gap.b : gap.b_end])
        coarse += _replaced(old, new)
        fine += _fold(_words(old, new, effort)) if old and new else _replaced(old, new)
        if block.size:
            same = Segment("equal", "".join(a[block.a : block.a + block.size]))
            coarse.append(same)
            fine.append(same)
    if len(fine) > MAX_SEGMENTS:
        fine, short = coarse, True
    by_lines = effort.short or short
    effort.short = by_lines or before_short
    return TextDiff(tuple(_joined(fine)), "lines" if by_lines else "words")


def words_of(text: str) -> list[str]:
    """The text in words, blanks, line ends and single signs; joined they are the text."""
    return _WORD.findall(text)


def lines_of(text: str) -> list[str]:
    """The lines, each with its end. Only a line feed ends one, as in Git."""
    return _LINE.findall(text)


def _words(old: str, new: str, effort: Effort) -> Iterator[Segment]:
    a, b = words_of(old), words_of(new)
    for gap, block in gaps_between(matching_blocks(a, b, effort), len(a), len(b)):
        yield from _replaced(*_texts(a, b, gap))
        if block.size:
            yield Segment("equal", "".join(a[block.a : block.a + block.size]))


def _texts(a: Sequence[str], b: Sequence[str], gap: Gap) -> tuple[str, str]:
    return "".join(a[gap.a : gap.a_end]), "".join(b[gap.b : gap.b_end])


def _replaced(old: str, new: str) -> Iterator[Segment]:
    if old:
        yield Segment("delete", old)
    if new:
        yield Segment("insert", new)


def _fold(segments: Iterable[Segment]) -> list[Segment]:
    """Blanks and signs between two changes are part of the change: `a b` → `c d` is one change, not two."""
    done: list[Segment] = []
    old: list[str] = []
    new: list[str] = []
    between: str | None = None
    for op, text in segments:
        if op == "equal":
            if (old or new) and not _SAYS_SOMETHING.search(text):
                between = (
                    text  # decided by what follows; two equal segments never follow each other
                )
                continue
            done += _replaced("".join(old), "".join(new))
            old, new = [], []
            done.append(Segment("equal", text))
            continue
        if between is not None:
            old.append(between)
            new.append(between)
            between = None
        (old if op == "delete" else new).append(text)
    done += _replaced("".join(old), "".join(new))
    if between is not None:
        done.append(Segment("equal", between))
    return done


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Neighbours of one kind as one; what was deleted before what was inserted."""
    pieces: dict[Op, list[str]] = {"equal": [], "delete": [], "insert": []}
    for op, text in segments:
        if op == "equal":
            for other in ("delete", "insert"):
                yield from _take(pieces, other)
        else:
            yield from _take(pieces, "equal")
        pieces[op].append(text)
    for left in pieces:
        yield from _take(pieces, left)


def _take(pieces: dict[Op, list[str]], op: Op) -> Iterator[Segment]:
    if pieces[op]:
        yield Segment(op, "".join(pieces[op]))
        pieces[op] = []
