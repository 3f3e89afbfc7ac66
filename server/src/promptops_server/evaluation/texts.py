"""Texts of answers and of checks: the part that is looked at, placeholders filled in, values quoted in a detail. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptops.format.template import Include, Odd, Text, compile_template
from promptops_server.evaluation.evaluator import EXAMINED, CannotTell
from promptops_server.evaluation.model import Answer, Case

_QUOTED = 80


def examined(answer: Answer) -> str:
    """The answer's text, or as much of it as is looked at; `shortened` says so. Half surrogate pairs become `?`."""
    text = answer.reply.text[:EXAMINED]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def shortened(answer: Answer) -> str:
    """What a detail adds when not all of the answer was looked at."""
    size = len(answer.reply.text)
    if size <= EXAMINED:
        return ""
    return f" Only the first {EXAMINED:,} of {size:,} characters were looked at."


def values_of(case: Case) -> dict[str, Any]:
    """What the texts of checks may name: inputs, further values, `expected`, and `input`.

    `input` is the input of that name, else the only one, else all of them.
    """
    values = {**case.values, **case.inputs}
    if case.expected is not None:
        values.setdefault("expected", case.expected)
    if case.inputs:
        only = next(iter(case.inputs.values())) if len(case.inputs) == 1 else dict(case.inputs)
        values.setdefault("input", only)
    return values


def fill(text: str, case: Case, more: Mapping[str, Any] | None = None) -> str:
    """The text with its `{{names}}` replaced by what the case gives, in one pass.

    Raises:
        CannotTell: the case has no value of that name.
    """
    if "{{" not in text:
        return text
    values = values_of(case)
    if more:
        values.update(more)
    parts: list[str] = []
    for segment in compile_template(text):
        if isinstance(segment, Text | Odd):
            parts.append(segment.text)
        elif isinstance(segment, Include):
            parts.append(text[segment.start : segment.end])
        elif segment.name in values:
            parts.append(as_text(values[segment.name]))
        else:
            raise CannotTell(
                f"The check names {{{{{segment.name}}}}}, and this case has no value of that name."
            )
    return "".join(parts)


def fill_value(value: Any, case: Case) -> Any:
    """A value with the texts in it filled; a text that is one placeholder alone becomes the value itself.

    Raises:
        CannotTell: as `fill`.
    """
    if isinstance(value, str):
        segments = compile_template(value) if "{{" in value else ()
        if len(segments) == 1 and not isinstance(segments[0], Text | Odd | Include):
            values = values_of(case)
            if segments[0].name in values:
                return values[segments[0].name]
        return fill(value, case)
    if isinstance(value, Mapping):
        return {key: fill_value(item, case) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill_value(item, case) for item in value]
    return value


def as_text(value: Any) -> str:
    """A value as a prompt shows it to a model: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def quoted(value: Any) -> str:
    """A value in a sentence: on one line, shortened, between quotes."""
    text = " ".join(as_text(value)[: 4 * _QUOTED].split())
    return f"“{text if len(text) <= _QUOTED else text[: _QUOTED - 1] + '…'}”"


def plain(text: str) -> str:
    """A detail that every database and page can hold: what cannot be printed becomes U+FFFD."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, but true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right if _odd(left, right) else left == right


def _odd(left: Any, right: Any) -> bool:
    return not (isinstance(left, int | float) and isinstance(right, int | float))
