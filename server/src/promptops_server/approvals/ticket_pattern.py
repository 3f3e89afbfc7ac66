r"""Patterns of tickets: a small part of regular expressions, matched in linear steps.

People who may set a rule must not be able to stop the server with one, and Python's engine tries alternatives without
a limit of time. So a pattern here has no groups: it is alternatives (`|`) of characters and classes, each with a count
behind it. A ticket is matched by the set of places reached in it after each of them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

MAX_LENGTH = 200
MAX_COUNT = 200

_ATOM = re.compile(
    r"\\[dws]|\\[^A-Za-z0-9\s]|\[\^?\]?(?:\\.|[^\\\]\[])*\]|[^\\\[\](){}?*+|^$]", re.ASCII
)
_COUNT = re.compile(r"\?|\*|\+|\{(\d{1,3})(,?)(\d{0,3})\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Step:
    """So many characters, `least` to `most`, that one character class takes."""

    takes: re.Pattern[str]
    least: int
    most: int


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches. Steps: length of the pattern times length of the text."""
    return any(_reaches(steps, text) for steps in parse(pattern))


@functools.lru_cache(maxsize=256)
def parse(pattern: str) -> tuple[tuple[_Step, ...], ...]:
    """The alternatives of a pattern.

    Raises:
        ValueError: with what is wrong and where.
    """
    if not 0 < len(pattern) <= MAX_LENGTH:
        raise ValueError(f"a pattern has 1 to {MAX_LENGTH} characters")
    alternatives: list[list[_Step]] = [[]]
    at = 0
    while at < len(pattern):
        if pattern[at] == "|":
            alternatives.append([])
            at += 1
            continue
        if (pattern[at] == "^" and not alternatives[-1]) or (
            pattern[at] == "$" and pattern[at + 1 : at + 2] in ("", "|")
        ):
            at += 1  # the whole ticket is matched anyway
            continue
        atom = _ATOM.match(pattern, at)
        if atom is None:
            raise ValueError(
                f"{pattern[at]!r} at place {at + 1} is not supported: a pattern is made of characters, ., \\d, \\w, "
                "[classes], each with ?, *, + or {m,n} behind it, and |; put \\ before a character that is meant"
            )
        try:
            takes = re.compile(atom[0], re.ASCII)
        except re.error as error:
            raise ValueError(f"{atom[0]} at place {at + 1}: {error.msg}") from None
        at = atom.end()
        count = _COUNT.match(pattern, at)
        if count is not None:
            at = count.end()
        alternatives[-1].append(_Step(takes, *_counts(count)))
    if not all(alternatives):
        raise ValueError("an alternative of the pattern is empty")
    return tuple(map(tuple, alternatives))


def _counts(found: re.Match[str] | None) -> tuple[int, int]:
    if found is None:
        return 1, 1
    if found[0] in ("?", "*", "+"):
        return (1 if found[0] == "+" else 0), (1 if found[0] == "?" else MAX_COUNT)
    least = int(found[1])
    most = int(found[3]) if found[3] else (MAX_COUNT if found[2] else least)
    if not least <= most <= MAX_COUNT or most == 0:
        raise ValueError(f"the count {found[0]} is not one from 1 to {MAX_COUNT}")
    return least, most


def _reaches(steps: tuple[_Step, ...], text: str) -> bool:
    places = {0}
    for step in steps:
        taken = [step.takes.match(c) is not None for c in text]
        reached: set[int] = set()
        for start in places:
            end = start
            while end < len(text) and end - start < step.most and taken[end]:
                if end - start >= step.least:
                    reached.add(end)
                end += 1
            if end - start >= step.least:
                reached.add(end)
        places = reached
    return len(text) in places
