"""Texts as the report can print them: bounded, in characters that its fonts have, with places to break a line.

PDF/A forbids a character without a glyph, and people write anything: what the fonts lack is printed as its number,
and the files of the pack hold it as it was written. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any

_RANGES = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x384, 0x38A), (0x38E, 0x3A1), (0x3A3, 0x482)),
    *(
        (0x48A, 0x4FF),
        (0x531, 0x556),
        (0x561, 0x586),
        (0x5D0, 0x5EA),
        (0x621, 0x63A),
        (0x641, 0x64A),
    ),
    *((0x660, 0x66D), (0x10D0, 0x10F5), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x2040)),
    *((0x2070, 0x2071), (0x2074, 0x208E), (0x20A0, 0x20C0), (0x2190, 0x23FF), (0x2460, 0x262F)),
    *((0x2639, 0x266F), (0x2701, 0x2704), (0x2713, 0x2718), (0x27E6, 0x27EB), (0xFB00, 0xFB06)),
)
"""Characters for which one of the report's fonts has a glyph, found by trying each."""

MAX_TEXT = 4_000
"""Characters of one text; a reason has at most half of that, and the files of the pack hold all of it."""

_STARTS = [first for first, _ in _RANGES]
_LONG_WORD = re.compile(r"[^\s\u200b/.,:;@-]{31,}")
_DIGEST = re.compile(r"[0-9a-f]{32,64}")
_BREAK = "\u200b"


def printable(text: str, limit: int = MAX_TEXT, *, plain: bool = False) -> str:
    """The text in printable characters, cut at `limit` with a word about it.

    `plain` keeps to ASCII: for when a font turns out to lack something after all.
    """
    cut = len(text) > limit
    kept = text[:limit].replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    shown = "".join(_shown(character, plain) for character in kept)
    shown = _LONG_WORD.sub(_broken, shown)
    if cut:
        shown += f" … (cut; {len(text):,} characters are in the files of the pack)"
    return shown if not plain else shown.replace("…", "...").replace(_BREAK, "")


def all_printable(value: Any, *, plain: bool = False) -> Any:
    """Every text inside a value, its keys left alone."""
    if isinstance(value, str):
        return printable(value, MAX_TEXT, plain=plain)
    if isinstance(value, dict):
        return {key: all_printable(item, plain=plain) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [all_printable(item, plain=plain) for item in value]
    return value


def _shown(character: str, plain: bool) -> str:
    code = ord(character)
    if character in ("\n", _BREAK):
        return character
    if plain:
        return character if 0x20 <= code <= 0x7E else f"<U+{code:04X}>"
    at = bisect_right(_STARTS, code) - 1
    if at >= 0 and code <= _RANGES[at][1]:
        return character
    return f"⟨U+{code:04X}⟩"


def _broken(match: re.Match[str]) -> str:
    word = match[0]
    if _DIGEST.fullmatch(word):
        return word  # fits a line, and is to be copied as it is
    return _BREAK.join(word[at : at + 12] for at in range(0, len(word), 12))
