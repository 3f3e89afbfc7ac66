"""Entry points of installed packages that the operator admitted by name in PROMPTOPS_PLUGINS."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points


def admitted(group: str) -> Iterator[EntryPoint]:
    """The entry points of a group, of packages that are named (separated by commas), and of no others."""
    named = {_plain(name) for name in os.environ.get("PROMPTOPS_PLUGINS", "").split(",") if name}
    if not named:
        return
    for point in entry_points(group=group):
        if point.dist is not None and _plain(point.dist.name) in named:
            yield point


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
