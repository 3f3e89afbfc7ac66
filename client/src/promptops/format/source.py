"""The text of a file, the place of every value in it, and the report of what is wrong with it.

Owns what a text must be before anything reads it (size, UTF-8, characters) and how an offset becomes
a line and a column. Reading YAML is `yaml_reader`'s.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from typing import Any

from .problem import KeyPath, Problem, Severity, key_text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 50_000
MAX_PROBLEMS = 100
"""Per severity; a file with more says so once."""

LINE_BREAK = re.compile(r"\r\n|\n|\r")
REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_SEPARATOR = re.compile("[\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: offsets into the text, in characters.

    `raw` is the text of a plain scalar that is no string. `style` is a scalar's (`|`, `>`, `"`, `'`
    or "" for plain), or `flow` or `block` for a collection.
    """

    key: int
    start: int
    end: int
    raw: str | None = None
    style: str = ""


@dataclass(slots=True)
class SourceMap:
    """The text of a file and the place of each value in it, by key path."""

    text: str
    spans: dict[KeyPath, Span] = field(default_factory=dict)
    _starts: list[int] | None = None

    def position(self, index: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in the text."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
        line = bisect.bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def span(self, path: KeyPath) -> Span | None:
        """The span of the value at `path`, or of its nearest parent that is in the file."""
        while path and path not in self.spans:
            path = path[:-1]
        return self.spans.get(path)

    def at(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value (or of its key) at `path`, or of its nearest parent."""
        span = self.span(path)
        if span is None:
            return 1, 1
        return self.position(span.key if key else span.start)

    def inside(self, path: KeyPath, snippet: str, nth: int) -> tuple[int, int]:
        """Line and column of the nth (from 0) occurrence of `snippet` in the value at `path`.

        Falls back to the start of the value where the file spells it otherwise (escapes, folding).
        """
        span = self.spans.get(path)
        if span is None:
            return self.at(path)
        index = span.start - 1
        for _ in range(nth + 1):
            index = self.text.find(snippet, index + 1, span.end)
            if index < 0:
                return self.position(span.start)
        return self.position(index)


class Report:
    """Collects the problems of one file. `failed` once there is an error."""

    def __init__(self, source: SourceMap) -> None:
        self.source = source
        self.failed = False
        self._problems: list[Problem] = []
        self._count: dict[Severity, int] = {"error": 0, "warning": 0}

    def error(self, code: str, path: KeyPath, message: str, fix: str = "", **place: Any) -> None:
        """Add an error at `path`.

        `place`: key=True for the key, index=offset in the text,
        snippet=(text, n) for the nth occurrence (from 0) of a text in the value.
        """
        self.failed = True
        self._add("error", code, path, message, fix, **place)

    def warning(self, code: str, path: KeyPath, message: str, fix: str = "", **place: Any) -> None:
        """Add a warning at `path`; places as for `error`."""
        self._add("warning", code, path, message, fix, **place)

    def is_full(self, severity: Severity) -> bool:
        """Whether further problems of this severity would not be listed."""
        return self._count[severity] > MAX_PROBLEMS

    def problems(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(sorted(self._problems, key=lambda p: (p.line, p.column)))

    def _add(
        self,
        severity: Severity,
        code: str,
        path: KeyPath,
        message: str,
        fix: str,
        *,
        key: bool = False,
        snippet: tuple[str, int] | None = None,
        index: int | None = None,
    ) -> None:
        self._count[severity] += 1
        if self._count[severity] > MAX_PROBLEMS:
            if self._count[severity] > MAX_PROBLEMS + 1:
                return
            code, fix = "too-many-problems", ""
            message = (
                f"there are more {severity}s from here on: the first {MAX_PROBLEMS} are listed"
            )
        # Only now is the place looked up: a file may hold many more faults than are listed.
        if index is not None:
            line, column = self.source.position(index)
        elif snippet is not None:
            line, column = self.source.inside(path, *snippet)
        else:
            line, column = self.source.at(path, key=key)
        self._problems.append(Problem(severity, code, message, key_text(path), line, column, fix))


def decode(source: bytes | str) -> tuple[str, Report]:
    """The text of a file without its byte order mark, and a report of what is wrong with it as text.

    When the report has failed, the text must not be read further.
    """
    if isinstance(source, bytes):
        size = len(source)
        undecodable: UnicodeDecodeError | None = None
        if size > MAX_BYTES:
            source = source[:MAX_BYTES]
        try:
            text = source.decode()
        except UnicodeDecodeError as error:
            undecodable = error if size <= MAX_BYTES else None
            text = source.decode(errors="replace")
        where = len(source[: undecodable.start].decode()) if undecodable else 0
    else:
        text, undecodable, where = source, None, 0
        size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
    mark = text.startswith("\ufeff")
    if mark:
        text = text[1:]
        where = max(0, where - 1)
    report = Report(SourceMap(text))
    if size > MAX_BYTES:
        report.error(
            "file-too-large",
            (),
            f"the file has {size:,} bytes: a prompt file has at most {MAX_BYTES:,}",
        )
        return text, report
    if mark:
        report.warning(
            "byte-order-mark",
            (),
            "the file starts with a byte order mark",
            "save it as UTF-8 without a byte order mark",
        )
    if undecodable is not None:
        report.error(
            "not-utf8",
            (),
            f"byte 0x{undecodable.object[undecodable.start]:02x} is not UTF-8",
            "save the file as UTF-8",
            index=where,
        )
        return text, report
    for found in REFUSED.finditer(text):
        report.error(
            "control-character",
            (),
            f"the character U+{ord(found.group()):04X} is not allowed in a prompt file",
            "remove it",
            index=found.start(),
        )
    for found in _LINE_SEPARATOR.finditer(text):
        report.warning(
            "line-separator",
            (),
            f"the character U+{ord(found.group()):04X} ends a line for some readers of YAML only",
            f'write it as "\\u{ord(found.group()):04X}" between double quotes',
            index=found.start(),
        )
    return text, report
