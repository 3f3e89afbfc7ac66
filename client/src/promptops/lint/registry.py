"""The rules there are: every file in `rules`, found at first use."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from . import rules as _folder
from .rule import Rule


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """All rules, by id. Raises TypeError for a file without a rule or an id that is given twice."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(_folder.__path__):
        name = f"{_folder.__name__}.{module.name}"
        members = vars(importlib.import_module(name)).values()
        declared = [member for member in members if isinstance(member, Rule)]
        if len(declared) != 1:
            raise TypeError(f"{name} declares {len(declared)} rules: a file declares exactly one")
        if declared[0].id in found:
            raise TypeError(f"{name}: there is another rule {declared[0].id!r}")
        found[declared[0].id] = declared[0]
    return tuple(found[id] for id in sorted(found))
