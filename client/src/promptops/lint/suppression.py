"""Suppression: `# promptops-lint: ignore=RULE reason`, as a YAML comment.

Owns finding these comments (in a text they are text) and which lines each covers. A reason is
required: without one the comment suppresses nothing and is a finding itself.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

from promptops.format import SourceMap

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*promptops-lint:[ \t]*(?P<body>[^\r\n]*)")
_BODY = re.compile(r"ignore=(?P<ids>[A-Za-z0-9_*/,-]+)(?:[ \t]+(?P<reason>\S.*))?")
_NOT_YET = re.compile(r"(?:[ \t]*(?:#[^\r\n]*|---[ \t]*|%[^\r\n]*)?(?:\r\n|\n|\r))*[ \t]*")
_LINE_END = re.compile(r"[\r\n]|\Z")
_WHOLE_LINE = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment. `ids` is empty when it cannot be understood.

    It covers the lines from `first` to `last`, or the whole file when `first` is 0. `index` is its
    offset in the text.
    """

    index: int
    ids: tuple[str, ...]
    reason: str
    first: int = 0
    last: int = 0

    def covers(self, rule: str, line: int) -> bool:
        """Whether a finding of `rule` on `line` is suppressed."""
        if rule not in self.ids or not self.reason:
            return False
        return self.first == 0 or self.first <= line <= self.last


def suppressions(source: SourceMap) -> tuple[Suppression, ...]:
    """The comments of a file, in order.

    One above everything else covers the file. One behind a value covers its line and all lines of
    that value; one on a line of its own covers the line below in the same way.
    """
    text = source.text
    if "promptops-lint:" not in text:
        return ()
    scalars = sorted(_scalars(source))
    starts = [scalar[0] for scalar in scalars]
    lines: dict[int, tuple[int, int]] = {}
    for _, _, first, last in scalars:
        for line in (first, last):
            low, high = lines.get(line, (first, last))
            lines[line] = (min(low, first), max(high, last))
    begin = _NOT_YET.match(text)
    top = begin.end() if begin else 0
    found = []
    for comment in _COMMENT.finditer(text):
        index = comment.start()
        before = bisect.bisect_right(starts, index) - 1
        if before >= 0 and index < scalars[before][1]:
            continue
        body = _BODY.fullmatch(comment["body"].rstrip())
        ids = tuple(id for id in body["ids"].split(",") if id) if body else ()
        reason = (body["reason"] or "") if body else ""
        first = last = 0
        if index >= top:
            line, column = source.position(index)
            if _WHOLE_LINE.fullmatch(text, index - column + 1, index):
                line += 1
            first, last = lines.get(line, (line, line))
        found.append(Suppression(index, ids, reason, first, last))
    return tuple(found)


def _scalars(source: SourceMap) -> list[tuple[int, int, int, int]]:
    """Of each text or other scalar: where its characters start and end, its first and last line."""
    found = []
    for span in source.spans.values():
        if span.style in ("flow", "block") or span.end <= span.start:
            continue
        start = span.start
        if span.style in ("|", ">"):  # behind these, a comment may follow on the same line
            broken = _LINE_END.search(source.text, start)
            start = broken.start() if broken else span.end
        first = source.position(span.start)[0]
        found.append((start, span.end, first, source.position(span.end - 1)[0]))
    return found
