"""The kinds of rules, one file each: the file's name is what `contracts.yaml` writes as `rule`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from promptops_server.providers.catalogue.rules.rule import Rule


@cache
def rules() -> dict[str, Rule]:
    """Every kind of rule by name."""
    found: dict[str, Rule] = {}
    for member in pkgutil.iter_modules(__path__):
        if member.name != "rule":
            made: Any = import_module(f"{__name__}.{member.name}").RULE
            found[member.name] = made
    return found
