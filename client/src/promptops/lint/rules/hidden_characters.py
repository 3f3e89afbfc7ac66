"""The rule `hidden-characters`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from ..page import Hit, Page
from ..rule import rule

_JOINERS = "\u200c\u200d"
_MARKS = "\u061c\u200e\u200f"
_ZERO_WIDTH = (
    "\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
)
_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"

_FLAG = "\U0001f3f4"
_FLAGS = tuple(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_RUN = re.compile(
    f"(?P<zero>[{_ZERO_WIDTH}]+)|(?P<joiner>[{_JOINERS}]+)|(?P<bidi>[{_OVERRIDES}]+)"
    f"|(?P<mark>[{_MARKS}]+)|(?P<tag>[{_TAGS}]+)|(?P<selector>[{_SELECTORS}]{{2,}})"
)
_BLANKS = "\u00a0\u202f \t"
_LINE = re.compile(r"[^\r\n]+")
_KINDS = {
    "zero": "a character without width",
    "joiner": "a joiner that joins nothing",
    "bidi": "a control of text direction",
    "mark": "a mark of text direction on a line without right-to-left text",
    "tag": "invisible tag characters",
    "selector": "several variation selectors in a row",
    "blank": "a no-break space at the end of a line",
}


@rule(
    "hidden-characters",
    severity="error",
    summary="The file holds characters that nobody sees and a model reads.",
    reads="text",
)
def hidden_characters(page: Page) -> Iterator[Hit]:
    """What a reviewer cannot see is not reviewed: invisible text can carry instructions.

    Reported: zero-width characters, controls of text direction, tag characters, runs of variation
    selectors, and no-break spaces at line ends. Not reported where they have a job: joiners in
    emoji and in scripts that use them, direction marks on a line with right-to-left text, flags.
    Written as an escape between double quotes (`"\\u200B"`) such a character is visible, and fine.

    Bad:

        messages:
          - role: user
            content: "Sort\u200b this claim."

    Good:

        messages:
          - role: user
            content: "Sort this claim."
    """
    if page.text.isascii():
        return
    for line in _LINE.finditer(page.text):
        text = line.group()
        if text.isascii():
            continue
        rtl = any(unicodedata.bidirectional(c) in ("R", "AL") for c in text if c not in _MARKS)
        blanks = text[len(text.rstrip(_BLANKS)) :].lstrip(" \t")
        if blanks:
            yield page.at_offset(line.end() - len(blanks), *_said("blank", blanks.rstrip(" \t")))
        for run in _RUN.finditer(text):
            kind = run.lastgroup or ""
            if kind == "mark" and rtl:
                continue
            allowed = _ALLOWED.get(kind)
            if allowed is None or not allowed(text, run.start(), run.end()):
                yield page.at_offset(line.start() + run.start(), *_said(kind, run.group()))


def _said(kind: str, run: str) -> tuple[str, str]:
    """What is reported of a run of characters, and what to do."""
    codes = list(dict.fromkeys(f"U+{ord(character):04X}" for character in run))
    some = ", ".join(codes[:5]) + (", …" if len(codes) > 5 else "")
    times = f" ({len(run)} characters)" if len(run) > 1 else ""
    fix = "remove it; if it is meant, write it as an escape between double quotes"
    return f"here is {_KINDS[kind]}: {some}{times}", fix


def _joins(text: str, start: int, end: int) -> bool:
    """One joiner behind an emoji, or a letter of a script without upper and lower case."""
    if end - start > 1 or start == 0:
        return False
    return unicodedata.category(text[start - 1]) in ("Lo", "Mn", "Mc", "So", "Sk")


def _flags(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] == _FLAG and text[start:end] in _FLAGS


_ALLOWED: dict[str, Callable[[str, int, int], bool]] = {
    "joiner": _joins,
    "tag": _flags,
}
