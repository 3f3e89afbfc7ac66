"""How the difference of two versions is shown to a person: by section, and word by word.

Owns the words and marks. What differs was found by `promptops.format.diff_sections`, here or on the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promptops.cli.output import Output, coloured, paint, visible

_CONTEXT = 2
"""Lines of unchanged text shown before and after a change."""
_SHORT = 60
_MARKS = {"insert": ("{+", "+}", "green"), "delete": ("[-", "-]", "red")}


def summary(found: Mapping[str, Any]) -> str:
    """In one sentence: what the change touches, and whether behaviour and record differ."""
    classes = found.get("classes")
    if classes is None:
        return "One side is not a valid prompt file; only the texts can be compared."
    if not classes:
        return "There is no difference."
    if classes == ["cosmetic"]:
        return "Only comments, order or spelling of the file differ."
    touched = ", ".join(str(name).replace("_", " ") for name in classes)
    behaviour = _said(found.get("behaviour_changed"), "behaviour")
    record = _said(found.get("record_changed"), "record")
    return f"Changed: {touched} ({behaviour}, {record})."


def _said(changed: bool | None, what: str) -> str:
    if changed is None:
        return f"{what} unknown"
    return f"{what} {'changed' if changed else 'the same'}"


def show_sections(out: Output, found: Mapping[str, Any]) -> None:
    """A line for everything that differs: section, key, kind, and short values."""
    out.line(summary(found))
    rows = [
        (section["section"], key, kind, _short(before), _short(after))
        for section in found.get("sections") or ()
        for key, kind, before, after in _lines(section)
    ]
    if rows:
        out.table(("SECTION", "KEY", "CHANGE", "BEFORE", "AFTER"), rows, "")


def show_words(out: Output, found: Mapping[str, Any]) -> None:
    """Everything that differs with the words that changed: `[-old-]{+new+}`, colours on a terminal."""
    out.line(summary(found))
    for section in found.get("sections") or ():
        for head, text, before, after in _texts(section):
            out.line()
            out.line(head, "cyan")
            if text is not None:
                out.line(_marked(text["segments"], out))
            elif before is not None or after is not None:
                sides = (("delete", before), ("insert", after))
                values = [{"op": op, "text": _plain(v)} for op, v in sides if v is not None]
                out.line(_marked(values, out))


def _lines(section: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for change in section["changes"]:
        yield change["key"], change["kind"], change["before"], change["after"]
    for message in section["messages"]:
        yield from _message_lines(message)
    for variant in section["variants"]:
        if variant["kind"] != "changed":
            yield f"variants.{variant['variant']}", variant["kind"], None, None
        for change in variant["changes"]:
            yield change["key"], change["kind"], change["before"], change["after"]
        for message in variant["messages"]:
            yield from _message_lines(message)


def _message_lines(message: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    if message["kind"] == "moved":
        yield message["key"], "moved", f"place {message['before']}", f"place {message['after']}"
        return
    before, after = _sides(message["text"])
    roles = (message["role_before"], message["role_after"])
    if message["kind"] == "changed" and roles[0] != roles[1]:
        yield f"{message['key']}.role", "changed", *roles
    if message["text"] is not None and before != after:
        key = f"{message['key']}.content" if message["kind"] == "changed" else message["key"]
        yield key, message["kind"], before or None, after or None
    for change in message["changes"]:
        yield change["key"], change["kind"], change["before"], change["after"]


def _sides(text: Mapping[str, Any] | None) -> tuple[str, str]:
    segments = text["segments"] if text else ()
    return (
        "".join(s["text"] for s in segments if s["op"] != "insert"),
        "".join(s["text"] for s in segments if s["op"] != "delete"),
    )


def _texts(section: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Per change its headline, and its words, or the values where it has none."""
    for change in section["changes"]:
        yield _value(change)
    for message in section["messages"]:
        yield from _message(message)
    for variant in section["variants"]:
        if variant["kind"] != "changed":
            yield f"variants.{variant['variant']} {variant['kind']}", None, None, None
        for change in variant["changes"]:
            yield _value(change)
        for message in variant["messages"]:
            yield from _message(message)


def _value(change: Mapping[str, Any]) -> tuple[str, Any, Any, Any]:
    return (
        f"{change['key']} {change['kind']}",
        change["text"],
        change["before"],
        change["after"],
    )


def _message(message: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any, Any]]:
    before, after = message["role_before"], message["role_after"]
    role = before if after in (None, before) else after if before is None else f"{before} → {after}"
    moved = f", from place {message['before']}" if message["kind"] == "moved" else ""
    yield f"{message['key']} ({role}) {message['kind']}{moved}", message["text"], None, None
    for change in message["changes"]:
        yield _value(change)


def _marked(segments: Sequence[Mapping[str, Any]], out: Output) -> str:
    pieces = []
    for number, segment in enumerate(segments):
        text = visible(segment["text"])
        if segment["op"] == "equal":
            pieces.append(_around(text, number == 0, number == len(segments) - 1))
            continue
        opening, closing, colour = _MARKS[segment["op"]]
        if coloured(out.stream):
            pieces.append(paint(text, colour, out.stream))
        else:
            pieces.append(f"{opening}{text}{closing}")
    return "".join(pieces).removesuffix("\n")


def _around(text: str, first: bool, last: bool) -> str:
    """Unchanged text: the lines next to a change, and a mark for what is left out."""
    lines = text.splitlines(keepends=True)
    head = [] if first else lines[: _CONTEXT + 1]
    tail = [] if last else lines[-_CONTEXT - 1 :]
    if len(head) + len(tail) + 1 >= len(lines):
        return text
    return "".join([*head, "…\n", *tail])


def _short(value: Any) -> str:
    text = re.sub(r"\s+", " ", _plain(value)) if value is not None else ""
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
