"""Changing which fragments a prompt file includes: only the characters of the references change.

Owns the edit of `{{> path@pin }}` inside the file's texts. Which pin is wanted is the caller's choice; comments, order,
quoting and everything else of the file stay byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from .check_messages import split_target
from .editor import CannotEdit, edit
from .fragment import Pin, texts
from .model import PromptFile
from .parser import parse
from .problem import KeyPath
from .template import includes

Repin: TypeAlias = Callable[[str, Pin], tuple[str, Pin] | None]
"""The reference to write instead of one to this path and pin; None leaves it."""

_WRITTEN = re.compile(r"(\{\{[ \t]*>[ \t]*)([^{}]*?)([ \t]*\}\})")


def repin(text: str, choose: Repin) -> str:
    """The file with its fragment references exchanged, in its messages and those of its variants.

    What looks like a reference elsewhere (comments, test data, a quoted text) is left alone. Raises CannotEdit when the
    file is not a valid prompt, or writes a reference in a way that cannot be changed without damage.
    """
    parsed = parse(text)
    if parsed.file is None:
        raise CannotEdit(f"the file cannot be edited before this is repaired: {parsed.errors[0]}")
    wanted = _wanted(parsed.file, choose)
    if not wanted:
        return text
    source = parsed.source
    spans = {source.span(path) for path in wanted}
    changed = parsed.text
    for span in sorted((s for s in spans if s is not None), key=lambda s: -s.start):
        inside = _WRITTEN.sub(lambda m: _exchanged(m, choose), changed[span.start : span.end])
        changed = changed[: span.start] + inside + changed[span.end :]
    if _says(changed, parsed.file, wanted):
        return changed
    # A reference spelled with escapes or folded over lines, or text that only looks like one.
    changed = edit(parsed.text, {p: new for p, new in wanted.items() if p in source.spans})
    if not _says(changed, parsed.file, wanted):
        raise CannotEdit("a fragment reference cannot be changed in this file without damage to it")
    return changed


def _wanted(file: PromptFile, choose: Repin) -> dict[KeyPath, str]:
    """The texts that change, by key, as they are to read."""
    wanted: dict[KeyPath, str] = {}
    for path, text in texts(file):
        pieces: list[str] = []
        done = 0
        for include in includes(text, file.template):
            new = _target(include.target, choose)
            if new is not None:
                written = text[include.start : include.end]
                pieces += (text[done : include.start], written.replace(include.target, new))
                done = include.end
        if pieces:
            wanted[path] = "".join([*pieces, text[done:]])
    return wanted


def _exchanged(found: re.Match[str], choose: Repin) -> str:
    new = _target(found[2], choose)
    return found[0] if new is None else found[1] + new + found[3]


def _target(target: str, choose: Repin) -> str | None:
    reference = split_target(target)
    chosen = None if reference is None else choose(*reference)
    if chosen is None or chosen == reference:
        return None
    return f"{chosen[0]}@{chosen[1]}"


def _says(text: str, before: PromptFile, wanted: dict[KeyPath, str]) -> bool:
    """Whether the text is the same prompt with exactly these texts changed."""
    file = parse(text).file
    if file is None:
        return False
    said, expected = dict(texts(file)), {**dict(texts(before)), **wanted}
    return said == expected and _rest(file, said) == _rest(before, dict(texts(before)))


def _rest(file: PromptFile, said: dict[KeyPath, str]) -> object:
    """The file's data without the texts."""

    def strip(value: object, path: KeyPath) -> object:
        if path in said or (*path, "url") in said:
            return None
        if isinstance(value, dict):
            return {key: strip(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [strip(item, (*path, number)) for number, item in enumerate(value)]
        return value

    return strip(dict(file.data), ())
