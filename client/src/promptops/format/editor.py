"""Changing a prompt file somebody wrote: only the lines of the value change.

Owns `edit`. A value is replaced, added or removed in the text itself, at the place libyaml reports
for it, so comments, order, quoting and line ends elsewhere stay byte for byte. The result is read
back; where the text is too unusual for that, the change goes through ruamel.yaml's round trip,
which keeps comments but may respace other lines.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import PromptOpsError
from . import yaml_text
from .model import KEYS
from .problem import KeyPath, key_text
from .source import SourceMap, Span, decode
from .yaml_reader import read_yaml

_FLOW_WIDTH = 80
"""Characters up to which a collection written on one line stays on one line."""

_KEY_LINE = re.compile(
    r"""(?P<key>(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s'"#].*?)\s*:)(?P<comment>|[ \t]+|[ \t]+#.*)"""
)
"""A key with nothing but a comment behind it on its line."""

_BLOCK_HEADER = re.compile(r"[|>][0-9+-]*")


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = _Remove()
"""Given as a value, removes the key or list item."""


class CannotEdit(PromptOpsError, ValueError):
    """The text is not readable YAML, or the path does not fit it."""

    code = "cannot-edit"


def edit(text: str, changes: Mapping[Sequence[str | int], Any]) -> str:
    """The text with values set or removed (`REMOVE`) at key paths, in the order given.

    Missing mappings on the way are made; an index equal to a list's length appends. The text need
    not be a valid prompt, but must be readable YAML, and so is the result. Raises CannotEdit or
    CannotWrite.
    """
    for path, value in changes.items():
        text = _edit_one(text, tuple(path), value)
    return text


def _edit_one(text: str, path: KeyPath, value: Any) -> str:
    data, source = _read(text)
    text = source.text
    wanted, path, value = _apply(data, path, value)
    if same(wanted, data):
        return text
    # On one line is the second try: what follows a literal block can run into it.
    for one_line in (False, True):
        try:
            changed = _splice(source, data, path, value, one_line=one_line)
        except (_Unusual, KeyError, IndexError):
            break
        if _reads_as(changed, wanted):
            return changed
    from .round_trip import edit_round_trip

    refusal = f"{key_text(path)} cannot be changed in this file without damage to it"
    try:
        changed = edit_round_trip(text, path, value, remove=value is REMOVE)
    except Exception as error:  # ruamel.yaml fails in many ways on what libyaml reads
        raise CannotEdit(refusal) from error
    if not _reads_as(changed, wanted):
        raise CannotEdit(refusal)
    return changed


def _read(text: str) -> tuple[Any, SourceMap]:
    text, report = decode(text)
    data = None if report.failed else read_yaml(report)
    if report.failed:
        raise CannotEdit(
            f"the file cannot be edited before this is repaired: {report.problems()[0]}"
        )
    return data, report.source


def _reads_as(text: str, wanted: Any) -> bool:
    _, report = decode(text)
    if report.failed:
        return False
    data = read_yaml(report)
    return not report.failed and same(data, wanted)


def same(a: Any, b: Any) -> bool:
    """Equality that tells 1, 1.0 and true apart."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def _apply(data: Any, path: KeyPath, value: Any) -> tuple[Any, KeyPath, Any]:
    """The data after the change, and the change itself with missing or emptied parents folded in."""
    if not path:
        if value is REMOVE:
            raise CannotEdit("the whole file cannot be removed")
        return value, path, value
    # Make what is missing: setting inputs.a.type in a file without inputs sets inputs.
    depth, node = 0, data
    while depth < len(path) and _has(node, path[depth]):
        node = node[path[depth]]
        depth += 1
    if value is REMOVE:
        if depth < len(path):
            return data, path, value
        parent = _at(data, path[:-1])
        if len(parent) == 1 and len(path) > 1:
            path, value = path[:-1], type(parent)()
    elif depth < len(path):
        if node is not None and not _can_hold(node, path[depth]):
            raise CannotEdit(
                f"{key_text(path[:depth]) or 'the file'} has no place for {path[depth]!r}"
            )
        start = depth if node is None or not node else depth + 1
        for part in reversed(path[start:]):
            if isinstance(part, int) and part != 0:
                raise CannotEdit(f"{key_text(path)}: a new list starts with item 0")
            value = [value] if isinstance(part, int) else {part: value}
        path = path[:start]
    wanted = copy.deepcopy(data)
    if not path:
        return value, path, value
    parent = _at(wanted, path[:-1])
    if value is REMOVE:
        del parent[path[-1]]
    elif isinstance(parent, list) and path[-1] == len(parent):
        parent.append(value)
    else:
        parent[path[-1]] = value
    return wanted, path, value


def _has(node: Any, part: str | int) -> bool:
    if isinstance(node, dict):
        return part in node
    return isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node)


def _can_hold(node: Any, part: str | int) -> bool:
    if isinstance(node, dict):
        return isinstance(part, str)
    if isinstance(node, list):
        return isinstance(part, int) and part == len(node)
    return False


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


class _Unusual(Exception):
    """The text is laid out in a way this file does not know."""


def _splice(source: SourceMap, data: Any, path: KeyPath, value: Any, *, one_line: bool) -> str:
    text = source.text
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    if not path:
        if data is not None:
            raise _Unusual
        # Comments only so far.
        gap = "" if not text or text.endswith(("\n", "\r")) else end_of_line
        return text + gap + yaml_text.dump(value).replace("\n", end_of_line)
    splicer = _Splicer(source, data, end_of_line, one_line)
    if value is REMOVE:
        return splicer.remove(path)
    if path in source.spans:
        return splicer.replace(path, value)
    return splicer.add(path, value)


class _Splicer:
    """One change to a text, by offsets."""

    def __init__(self, source: SourceMap, data: Any, end_of_line: str, one_line: bool) -> None:
        self._text = source.text
        self._spans = source.spans
        self._data = data
        self._eol = end_of_line
        self._one_line = one_line

    def replace(self, path: KeyPath, value: Any) -> str:
        span = self._spans[path]
        end = self._content_end(path)
        if self._in_flow(path):
            return self._put(span.start, end, yaml_text.flow(value))
        in_list = isinstance(path[-1], int)
        indent = self._dash(path) if in_list else self._column(span.key)
        if span.style == "block":
            return self._replace_block(path, value, indent, self._line_end(end))
        start = span.start
        rest = self._text[end : self._line_end(end)]
        if span.style in ("|", ">"):
            header = _BLOCK_HEADER.match(self._text, start)
            if header is None:
                raise _Unusual
            rest = self._text[header.end() : self._line_end(header.end())]
        else:
            end += len(rest)
        written = self._written(value, indent, span, in_list)
        if span.start == span.end and not written.startswith("\n"):
            written = " " + written  # an empty value ends right after the colon
        if written.startswith("\n"):
            start = len(self._text[:start].rstrip(" \t"))
        return self._put_value(start, end, written, rest)

    def _replace_block(self, path: KeyPath, value: Any, indent: int, end: int) -> str:
        """Replace a collection in block style: it begins below its key, or at its dash.

        A comment behind the key stays; comments inside what goes, go with it.
        """
        span = self._spans[path]
        if isinstance(path[-1], int):
            start = self._dash_index(path) + 1
            written = yaml_text.after_dash(value, indent)
            return self._put_value(start, end, self._short(value) or written, "")
        key_line = self._text[span.key : self._line_end(span.key)]
        found = _KEY_LINE.fullmatch(key_line)
        if found is None:
            raise _Unusual
        start = span.key + found.end("key")
        written = self._short(value) or yaml_text.after_colon(value, indent)
        if written.startswith("\n"):
            # Also the comments between the key and its value stay.
            start = self._line_start(span.start)
            return self._put_value(start, end, written[1:], "")
        return self._put_value(start, end, written, found["comment"])

    def _short(self, value: Any) -> str:
        return " " + yaml_text.flow(value) if self._one_line else ""

    def _put_value(self, start: int, end: int, written: str, comment: str) -> str:
        first, newline, more = written.partition("\n")
        if more and end == len(self._text):
            more += "\n"
        return self._put(start, end, first + comment.rstrip() + newline + more)

    def _written(self, value: Any, indent: int, span: Span, in_list: bool) -> str:
        if self._one_line:
            return yaml_text.flow(value)
        if isinstance(value, Mapping | list | tuple) and value:
            if span.style == "flow" and len(written := yaml_text.flow(value)) <= _FLOW_WIDTH:
                return written
            if in_list:
                return yaml_text.after_dash(value, indent).lstrip(" ")
            return yaml_text.after_colon(value, indent)
        if not isinstance(value, str):
            return yaml_text.flow(value)
        if span.style in ("|", ">") and yaml_text.can_be_literal(value):
            # With the old indentation, the lines that stay the same stay the same in the file.
            return yaml_text.literal(value, indent, self._body_indent(span) or indent + 2)
        if span.style in ("'", '"') and "\n" not in value:
            return yaml_text.one_line(value, span.style)
        return yaml_text.text(value, indent)

    def _body_indent(self, span: Span) -> int:
        lines = self._text[span.start : span.end].splitlines()[1:]
        # With an indentation digit in the header, the first line may be indented further.
        return min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)

    def add(self, path: KeyPath, value: Any) -> str:
        parent_path, name = path[:-1], path[-1]
        parent = _at(self._data, parent_path)
        span = self._spans[parent_path]
        if span.style == "flow" or self._in_flow(path):
            item = yaml_text.flow(value)
            if isinstance(name, str):
                item = f"{yaml_text.key(name)}: {item}"
            inside = len(self._text[: span.end - 1].rstrip())
            return self._put(inside, inside, f", {item}" if parent else item)
        if isinstance(name, int):
            last: KeyPath = (*parent_path, len(parent) - 1)
            indent = self._dash(last)
            after = self._short(value) or yaml_text.after_dash(value, indent)
            line = " " * indent + "-" + after
        else:
            last = (*parent_path, self._predecessor(parent_path, parent, name))
            indent = self._column(self._spans[last].key)
            after = self._short(value) or yaml_text.after_colon(value, indent)
            line = " " * indent + yaml_text.key(name) + ":" + after
        at = self._line_end(self._content_end(last))
        last_break = "\n" if at == len(self._text) else ""
        return self._put(at, at, "\n" + line + last_break)

    def _predecessor(self, parent_path: KeyPath, parent: dict[str, Any], name: str) -> str:
        """After which key a new one goes: in house order in the file, at the end elsewhere."""
        names = list(parent)
        order = KEYS
        if not parent_path and name in order:
            before = [n for n in names if n in order and order.index(n) < order.index(name)]
            if before:
                return before[-1]
        return names[-1]

    def remove(self, path: KeyPath) -> str:
        span = self._spans[path]
        end = self._content_end(path)
        parent = _at(self._data, path[:-1])
        if self._in_flow(path):
            return self._remove_from_flow(span.key, end)
        end = self._line_end(end)
        start = self._dash_index(path) if isinstance(path[-1], int) else span.key
        line = self._line_start(start)
        if self._text[line:start].strip():
            # The first key of a list item shares its line with the dash: the next key moves up.
            names = list(parent) if isinstance(parent, dict) else []
            later = names[names.index(path[-1]) + 1 :] if path[-1] in names else []
            if not later:
                raise _Unusual
            return self._put(start, self._spans[(*path[:-1], later[0])].key, "")
        if self._text.startswith("\r\n", end):
            end += 2
        elif end < len(self._text):
            end += 1
        return self._put(line, end, "")

    def _remove_from_flow(self, start: int, end: int) -> str:
        after = re.compile(r"[ \t]*,[ \t]*").match(self._text, end)
        if after is not None:
            return self._put(start, after.end(), "")
        before = re.search(r",\s*$", self._text[:start])
        return self._put(before.start() if before else start, end, "")

    def _content_end(self, path: KeyPath) -> int:
        """The offset after the last character of a value, before comments and breaks behind it."""
        span = self._spans[path]
        value = _at(self._data, path)
        if span.style == "block" and value:
            last = list(value)[-1] if isinstance(value, dict) else len(value) - 1
            return self._content_end((*path, last))
        if span.style in ("|", ">"):
            header = _BLOCK_HEADER.match(self._text, span.start)
            inside = self._text[span.start : span.end]
            if header is not None and "+" in header.group():
                return span.start + len(inside.removesuffix("\n").removesuffix("\r"))
            return span.start + _end_of_block(inside, self._body_indent(span))
        return span.end

    def _in_flow(self, path: KeyPath) -> bool:
        return any(
            (found := self._spans.get(path[:length])) is not None and found.style == "flow"
            for length in range(len(path))
        )

    def _dash_index(self, path: KeyPath) -> int:
        start = self._spans[path].start
        before = self._text[:start].rstrip()
        if not before.endswith("-"):
            raise _Unusual
        return len(before) - 1

    def _dash(self, path: KeyPath) -> int:
        return self._column(self._dash_index(path))

    def _column(self, index: int) -> int:
        return index - self._line_start(index)

    def _line_start(self, index: int) -> int:
        return max(self._text.rfind("\n", 0, index), self._text.rfind("\r", 0, index)) + 1

    def _line_end(self, index: int) -> int:
        found = re.compile(r"\r\n|\n|\r").search(self._text, index)
        return found.start() if found else len(self._text)

    def _put(self, start: int, end: int, new: str) -> str:
        return self._text[:start] + new.replace("\n", self._eol) + self._text[end:]


def _end_of_block(inside: str, indent: int) -> int:
    """Where the last line of a literal or folded block ends.

    Lines of blanks that reach beyond the indentation are text; other blank lines are not.
    """
    end = len(inside)
    while True:
        body = inside[:end].rstrip("\r\n")
        line = max(body.rfind("\n"), body.rfind("\r")) + 1
        if line == 0 or body[line:].strip(" ") or len(body) - line > indent:
            return len(body)
        end = line
