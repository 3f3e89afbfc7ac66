"""The plain template: `{{ name }}`, read once, filled in a single pass.

Owns the grammar:

- `{{ name }}` is a variable; a name is letters, digits and underscores, with dots or dashes inside
  (`user.name`, `order-id`: one flat name, no lookup).
- `{{ "text" }}` emits the quoted text as it is (`\\"` and `\\\\` inside are a quote and a backslash):
  the way to write braces that must stay.
- `{{> module/name@3 }}` and `{{> module/name@sha256:… }}` include another prompt's text.
- Every other `{{…}}` is text and stays.

Values are never expanded again. What a variable may hold is decided in `render`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*", re.ASCII)

_TOKEN = re.compile(
    r"\{\{(?:"
    r"[ \t]*(?P<name>" + VARIABLE_NAME.pattern + r")[ \t]*"
    r'|[ \t]*"(?P<quoted>(?:[^"\\]|\\.)*)"[ \t]*'
    r"|[ \t]*>[ \t]*(?P<include>[^{}]*?)[ \t]*"
    r"|(?P<other>[^{}]*)"
    r")\}\}",
    re.ASCII | re.DOTALL,
)
_INCLUDE = re.compile(r"\{\{[ \t]*>[ \t]*(?P<include>[^{}]*?)[ \t]*\}\}")
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text, as it is emitted. `start` and `end` are its token's offsets in the template."""

    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable to be replaced by its value."""

    name: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Include:
    """A reference to a fragment, `target` as written: `module/name@3`."""

    target: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Odd:
    """Braces that are neither variable, quotation nor include: they stay as text."""

    text: str
    start: int = 0
    end: int = 0


Segment: TypeAlias = Text | Variable | Include | Odd


def compile_template(text: str) -> tuple[Segment, ...]:
    """Split a template into its segments, in order. Takes time linear in the text."""
    if "{{" not in text:
        return (Text(text, 0, len(text)),) if text else ()
    segments: list[Segment] = []
    done = 0
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        if start > done:
            segments.append(Text(text[done:start], done, start))
        done = end
        kind = found.lastgroup
        if kind == "name":
            segments.append(Variable(found["name"], start, end))
        elif kind == "quoted":
            segments.append(Text(_ESCAPED.sub(r"\1", found["quoted"]), start, end))
        elif kind == "include":
            segments.append(Include(found["include"], start, end))
        else:
            segments.append(Odd(found.group(), start, end))
    if done < len(text):
        segments.append(Text(text[done:], done, len(text)))
    return tuple(segments)


def variables(text: str) -> tuple[str, ...]:
    """The names of the variables in a plain template, each once, in order of appearance."""
    found = (s.name for s in compile_template(text) if isinstance(s, Variable))
    return tuple(dict.fromkeys(found))


def includes(text: str, template: str = "plain") -> tuple[Include, ...]:
    """The fragment references in a template of either kind."""
    if "{{" not in text:
        return ()
    if template == "plain":
        return tuple(s for s in compile_template(text) if isinstance(s, Include))
    return tuple(Include(m["include"], *m.span()) for m in _INCLUDE.finditer(text))


def quote(text: str) -> str:
    """A plain template that emits `text` whatever braces it has: each `{{` is quoted."""
    return text.replace("{{", '{{ "{{" }}')
