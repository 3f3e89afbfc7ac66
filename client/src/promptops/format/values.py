"""Typed reading of plain values out of a file: the right type, or a problem that says which.

Owns the small questions every check asks (is this a text, a list, a mapping; is this key known).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from .problem import KeyPath, key_text
from .source import Report


def kind_of(value: Any) -> str:
    """How a person would name the type of a value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a number"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def wrong_type(report: Report, path: KeyPath, expected: str, value: Any) -> None:
    """Report that the value at `path` is not what it has to be."""
    report.error(
        "wrong-type",
        path,
        f"{key_text(path) or 'the file'} must be {expected}, not {kind_of(value)}",
    )


def read_text(report: Report, path: KeyPath, value: Any) -> str | None:
    """A text. A plain `42` or `no` where a text belongs is the text as written, not a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        span = report.source.spans.get(path)
        if span is not None and span.raw is not None:
            return span.raw
    wrong_type(report, path, "a text", value)
    return None


def read_mapping(report: Report, path: KeyPath, value: Any) -> dict[str, Any] | None:
    """A mapping."""
    if isinstance(value, dict):
        return value
    wrong_type(report, path, "a mapping", value)
    return None


def read_list(report: Report, path: KeyPath, value: Any) -> list[Any] | None:
    """A list."""
    if isinstance(value, list):
        return value
    wrong_type(report, path, "a list", value)
    return None


def read_texts(report: Report, path: KeyPath, value: Any) -> tuple[str, ...]:
    """A list of texts, none of them blank."""
    texts = []
    for number, item in enumerate(read_list(report, path, value) or ()):
        text = read_text(report, (*path, number), item)
        if text is not None and not text.strip():
            report.error("blank", (*path, number), f"{key_text((*path, number))} is blank")
        elif text is not None:
            texts.append(text)
    return tuple(texts)


def read_choice(report: Report, path: KeyPath, value: Any, choices: Iterable[str]) -> str | None:
    """One of a few words."""
    text = read_text(report, path, value)
    choices = tuple(choices)
    if text is None or text in choices:
        return text
    report.error(
        "not-a-choice",
        path,
        f"{key_text(path)} must be one of {', '.join(choices)}, not {text[:60]!r}",
        suggestion(text, choices),
    )
    return None


def read_flag(report: Report, path: KeyPath, value: Any) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    wrong_type(report, path, "true or false", value)
    return None


def warn_unknown(
    report: Report, path: KeyPath, value: Mapping[str, Any], known: Iterable[str]
) -> None:
    """One warning for each key of the mapping at `path` that is not known. The key is kept."""
    known = tuple(known)
    for name in value:
        if name not in known:
            place = f" in {key_text(path)}" if path else ""
            report.warning(
                "unknown-key",
                (*path, name),
                f"the key {name[:100]!r}{place} is not known: it is kept and has no effect",
                suggestion(name, known),
                key=True,
            )


def suggestion(word: str, known: Iterable[str]) -> str:
    """'did you mean …?' for the nearest known word, or ""."""
    if len(word) > 60:
        return ""
    by_form = {_form(k): k for k in known}
    near = difflib.get_close_matches(_form(word), by_form, n=1, cutoff=0.7)
    return f"did you mean {by_form[near[0]]!r}?" if near else ""


def _form(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")
