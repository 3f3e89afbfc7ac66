"""Entry points of installed packages that the operator admitted by name in PROMPTOPS_PLUGINS."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any


class BadPlugin(Exception):
    """What an admitted package brings cannot be used; the text names package and entry point."""


def admitted(group: str) -> Iterator[EntryPoint]:
    """The entry points of a group, of packages that are named (separated by commas), and of no others."""
    named = {_plain(name) for name in os.environ.get("PROMPTOPS_PLUGINS", "").split(",") if name}
    if not named:
        return
    for point in entry_points(group=group):
        if point.dist is not None and _plain(point.dist.name) in named:
            yield point


@cache
def packages(group: str) -> tuple[str, ...]:
    """The admitted packages that bring something to a group, each with its version, sorted."""
    found = {f"{p.dist.name} {p.dist.version}" for p in admitted(group) if p.dist is not None}
    return tuple(sorted(found))


def loaded(point: EntryPoint) -> Any:
    """What an entry point names. Raises BadPlugin."""
    try:
        return point.load()
    except Exception as error:  # whatever somebody else's module does when it is loaded
        said = f"{type(error).__name__}: {error}"
        raise BadPlugin(f"{where(point)} cannot be loaded: {said}.") from error


def where(point: EntryPoint) -> str:
    """An entry point as a sentence names it."""
    package = point.dist.name if point.dist is not None else "?"
    return f"The package {package}, entry point {point.name!r} ({point.value})"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
