"""YAML text to plain values, with the place of every value.

Owns the dialect: YAML 1.2's core schema read from libyaml's events, without anchors, aliases, own
tags or several documents, with limits on depth and number of values. What the values mean is
checked in `validate`. libyaml's events are about 20 times faster than a round-trip parse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .canonical import MAX_SAFE_INTEGER
from .problem import KeyPath
from .source import LINE_BREAK, MAX_DEPTH, MAX_VALUES, REFUSED, Report, Span

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_NUMBER_START = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_TAG = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {
    "seq": (None, "!", _TAG + "seq"),
    "map": (None, "!", _TAG + "map"),
}


def read_yaml(report: Report) -> Any:
    """The plain value of the report's text; places go to `report.source.spans`.

    Everything wrong is reported; after a failed report the value is meaningless.
    """
    from yaml import YAMLError
    from yaml._yaml import CParser

    try:
        return _Reader(CParser(report.source.text), report).document()
    except YAMLError as error:
        _report_syntax(error, report)
    except _Stop:
        pass
    return None


class _Stop(Exception):
    """Reading cannot go on; the reason is reported."""


@dataclass(slots=True)
class _Open:
    """A collection being read."""

    path: KeyPath
    key: int
    start: int
    value: Any
    name: str | None = None
    name_at: int = 0
    skip: bool = False
    style: str = "block"


class _Reader:
    def __init__(self, parser: Any, report: Report) -> None:
        from yaml import events

        self._events = events
        self._parser = parser
        self._report = report
        self._spans = report.source.spans
        self._stack: list[_Open] = []
        self._count = 0
        self._root: Any = None

    def document(self) -> Any:
        events = self._events
        next_event = self._parser.get_event
        documents = 0
        while True:
            event = next_event()
            kind = type(event)
            if kind is events.ScalarEvent:
                self._scalar(event)
            elif kind is events.MappingStartEvent:
                self._begin(event, {}, "map")
            elif kind is events.SequenceStartEvent:
                self._begin(event, [], "seq")
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                closed = self._stack.pop()
                if not closed.skip:
                    end = event.end_mark.index
                    self._spans[closed.path] = Span(
                        closed.key, closed.start, end, style=closed.style
                    )
            elif kind is events.AliasEvent:
                self._fail("alias", event, "aliases (*name) are not allowed", "write the value out")
            elif kind is events.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    fix = "keep one document per file; a line of dashes inside a text must be indented"
                    self._fail(
                        "several-documents", event, "a second YAML document starts here", fix
                    )
            elif kind is events.StreamEndEvent:
                return self._root

    def _fail(self, code: str, event: Any, message: str, fix: str = "") -> None:
        path = self._stack[-1].path if self._stack else ()
        self._report.error(code, path, message, fix, index=event.start_mark.index)
        raise _Stop

    def _check(self, event: Any) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            self._fail("too-many-values", event, f"the file has more than {MAX_VALUES:,} values")
        if event.anchor is not None:
            self._fail("anchor", event, "anchors (&name) are not allowed", "remove the anchor")

    def _begin(self, event: Any, value: Any, kind: str) -> None:
        self._check(event)
        start = event.start_mark.index
        if len(self._stack) >= MAX_DEPTH:
            self._fail("too-deep", event, f"values are nested more than {MAX_DEPTH} levels deep")
        if event.tag not in _COLLECTION_TAGS[kind]:
            self._fail("tag", event, f"the tag {event.tag!r} is not allowed", "remove the tag")
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].name is None:
            message = "a key must be a single text, not a list or a mapping"
            fix = "a value that starts with '{{' or '[' needs quotes"
            self._fail("key-not-text", event, message, fix)
        path, key, skip = self._put(value, start)
        style = "flow" if event.flow_style else "block"
        self._stack.append(_Open(path, key, start, value, skip=skip, style=style))

    def _scalar(self, event: Any) -> None:
        self._check(event)
        text: str = event.value
        start = event.start_mark.index
        parent = self._stack[-1] if self._stack else None
        if parent is not None and parent.name is None and isinstance(parent.value, dict):
            self._name(parent, text, event)
            return
        if event.tag is None and event.implicit[0]:
            value = self._resolve(text, event)
            raw = None if isinstance(value, str) else text
        else:
            value, raw = self._tagged(text, event), None
        if isinstance(value, str):
            self._refuse_control(text, start)
        path, key, skip = self._put(value, start)
        if not skip:
            self._spans[path] = Span(key, start, event.end_mark.index, raw, event.style or "")

    def _name(self, parent: _Open, text: str, event: Any) -> None:
        """Take a scalar as the key of the next value in `parent`."""
        start = event.start_mark.index
        if event.tag not in (None, "!", _TAG + "str"):
            self._fail("tag", event, f"the tag {event.tag!r} is not allowed", "remove the tag")
        self._refuse_control(text, start)
        parent.name, parent.name_at = text, start
        if text in parent.value:
            message = f"the key {text[:100]!r} is given twice"
            path = (*parent.path, text)
            self._report.error("duplicate-key", path, message, "keep one of them", index=start)

    def _refuse_control(self, text: str, start: int) -> None:
        found = REFUSED.search(text)
        if found is not None:
            self._report.error(
                "control-character",
                self._next_path(),
                f"the character U+{ord(found.group()):04X} is not allowed in a prompt file",
                "remove it",
                index=start,
            )

    def _next_path(self) -> KeyPath:
        if not self._stack:
            return ()
        parent = self._stack[-1]
        if isinstance(parent.value, dict):
            return (*parent.path, parent.name or "")
        return (*parent.path, len(parent.value))

    def _put(self, value: Any, start: int) -> tuple[KeyPath, int, bool]:
        """Place a value in its parent: its path, the offset of its key, and whether it is a repeat."""
        if not self._stack:
            self._root = value
            return (), start, False
        parent = self._stack[-1]
        path = self._next_path()
        if isinstance(parent.value, dict):
            name = parent.name or ""
            parent.name = None
            if name in parent.value:
                return path, start, True
            parent.value[name] = value
            return path, parent.name_at, parent.skip
        parent.value.append(value)
        return path, start, parent.skip

    def _tagged(self, text: str, event: Any) -> Any:
        tag = event.tag
        if tag in (None, "!", _TAG + "str"):
            return text
        if tag not in (_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null"):
            self._fail("tag", event, f"the tag {tag!r} is not allowed", "remove the tag")
        value = self._resolve(text, event)
        name = tag[len(_TAG) :]
        fits = {
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, int | float) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
            "null": value is None,
        }[name]
        if not fits:
            self._fail("tag", event, f"{text[:40]!r} is not a value of the tag !!{name}")
        return float(value) if name == "float" else value

    def _resolve(self, text: str, event: Any) -> Any:
        """A plain scalar's value by the YAML 1.2 core schema (section 10.3.2)."""
        if text in _NULL:
            return None
        if text[0] not in _NUMBER_START:
            if text in _TRUE:
                return True
            return False if text in _FALSE else text
        number: int | float
        if _DECIMAL.fullmatch(text):
            number = int(text) if len(text) < 20 else 2 * MAX_SAFE_INTEGER
        elif _OCTAL.fullmatch(text):
            number = int(text[2:], 8)
        elif _HEXADECIMAL.fullmatch(text):
            number = int(text[2:], 16)
        elif _FLOAT.fullmatch(text):
            number = float(text)
        elif _NOT_FINITE.fullmatch(text):
            number = float("inf")
        else:
            return text
        finite = isinstance(number, int) or abs(number) != float("inf")
        if not finite or (isinstance(number, int) and abs(number) > MAX_SAFE_INTEGER):
            self._report.error(
                "number-out-of-range",
                self._next_path(),
                f"{text[:40]} is not a number that every reader of JSON keeps",
                "write it as text, between quotes",
                index=event.start_mark.index,
            )
            return 0
        return number


def _report_syntax(error: Any, report: Report) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = getattr(error, "problem", None) or str(error).partition("\n")[0]
    context = getattr(error, "context", None)
    index = min(mark.index, len(report.source.text)) if mark is not None else 0
    report.error(
        "yaml-syntax",
        (),
        f"this is not valid YAML: {message}" + (f" ({context})" if context else ""),
        _syntax_hint(report.source.text, index, message),
        index=index,
    )


def _syntax_hint(text: str, index: int, message: str) -> str:
    if "Unicode character escape" in message:
        return "YAML has no pairs of escapes (\\ud83d\\ude00): write the character itself"
    start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    line = text[start : _end_of_line(text, index)]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, never with tabs"
    if re.search(r":\s*\{\{", line):
        return "a value that starts with '{{' needs quotes"
    if line.count(":") > 1:
        return "a value that contains ': ' needs quotes, or a literal block (key: |)"
    return "check quotes and indentation on this line and the one above"


def _end_of_line(text: str, index: int) -> int:
    found = LINE_BREAK.search(text, index)
    return found.start() if found else len(text)
