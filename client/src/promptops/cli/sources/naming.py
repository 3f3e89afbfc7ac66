"""From names people write to names a prompt may have, without two prompts on one path."""

from __future__ import annotations

import re
import unicodedata

from promptops.format.names import fold

_MAX_NAME = 80
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def slug(text: str) -> str:
    """A prompt's name made from a title: `Ünïcode Poet (v2)` → `unicode-poet-v2`; "" if nothing is left."""
    flat = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    name = _UNFIT.sub("-", flat.lower()).lstrip("-._")
    return re.sub(r"-{2,}", "-", name)[:_MAX_NAME].rstrip("-._")


def fit(name: str) -> str:
    """A file's or folder's name with what a prompt's name may not have replaced; case stays.

    "" if nothing is left.
    """
    flat = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _UNFIT.sub("-", flat).lstrip("-._")[:100].rstrip("-")


class Paths:
    """The paths given out so far. Two that differ only by case count as the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, path: str) -> str:
        """`path`, or with the first free number behind it: `path-2`."""
        free, number = path, 1
        while fold(free) in self._taken:
            number += 1
            free = f"{path}-{number}"
        self._taken.add(fold(free))
        return free
