"""Names for things that come without a valid one: slugs, and no two alike.

Owns turning a title or a foreign file name into a name of our grammar (`names`), and telling case
twins apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from .names import fold

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_NOT_SLUG = re.compile(r"[^a-z0-9]+", re.ASCII)
_MAX = 100


def slug(title: str) -> str:
    """`Ethereum Developer` → `ethereum-developer`; accents are dropped. "" if nothing is left.

    Nothing is left of a title in another script than Latin: see `stand_in`.
    """
    return _NOT_SLUG.sub("-", _ascii(title).lower()).strip("-")[:_MAX].rstrip("-")


def valid_name(name: str) -> str:
    """The nearest valid name, case kept; the same if it is valid. "" if nothing is left."""
    return _NOT_ALLOWED.sub("-", _ascii(name)).strip("-").lstrip("._-")[:_MAX]


def stand_in(title: str) -> str:
    """A name for a title no letter of which our grammar has: the same title always gets the same."""
    return "prompt-" + hashlib.sha256(title.encode(errors="replace")).hexdigest()[:8]


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return decomposed.encode("ascii", "ignore").decode()


class Namer:
    """Gives each path once: the second of a name, or its case twin, becomes `name-2`, and so on."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, path: str) -> str:
        """`path`, or the first free `path-2`, `path-3`, …"""
        key = fold(path)
        if key not in self._taken:
            self._taken.add(key)
            return path
        number = self._next.get(key, 2)
        while True:
            suffix = f"-{number}"
            folder, slash, name = path.rpartition("/")
            candidate = folder + slash + name[: _MAX - len(suffix)] + suffix
            number += 1
            if fold(candidate) not in self._taken:
                self._next[key] = number
                self._taken.add(fold(candidate))
                return candidate
