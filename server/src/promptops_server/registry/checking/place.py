"""Where in a value a place of the file is: an editor shows messages, not the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptops.format import SourceMap
from promptops.format.problem import KeyPath

_WORD = re.compile(r"\{\{[^{}]*\}\}|[^\s\"']+")


def path_at(source: SourceMap, index: int) -> KeyPath:
    """The key path of the innermost value that holds the offset; () when none does."""
    best: KeyPath = ()
    for path, span in source.spans.items():
        if len(path) > len(best) and min(span.key, span.start) <= index <= span.end:
            best = path
    return best


def inside_value(source: SourceMap, path: KeyPath, data: Any, index: int) -> tuple[int, int] | None:
    """Start and end, in characters of the text at `path`, of what stands at the offset; None for the whole value."""
    span, value = source.spans.get(path), value_at(data, path)
    if span is None or not isinstance(value, str) or not span.start < index < span.end:
        return None
    found = _WORD.match(source.text, index, span.end)
    if found is None:
        return None
    return _nth(value, found.group(), source.text.count(found.group(), span.start, index))


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at a key path, None where there is none."""
    for part in path:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def offset_of(source: SourceMap, line: int, column: int) -> int:
    """The offset of a line and column, both from 1."""
    start = 0
    if line > 1:
        low, high = 0, len(source.text)
        while low < high:  # the first offset whose line is at least the one asked for
            middle = (low + high) // 2
            if source.position(middle)[0] < line:
                low = middle + 1
            else:
                high = middle
        start = low
    return min(start + column - 1, len(source.text))


def _nth(value: str, snippet: str, nth: int) -> tuple[int, int] | None:
    at = -1
    for _ in range(nth + 1):
        at = value.find(snippet, at + 1)
        if at < 0:
            return None
    return at, at + len(snippet)
