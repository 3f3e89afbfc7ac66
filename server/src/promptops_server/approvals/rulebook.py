"""The rules there are: every file in `rules`, found at first use; and an environment's rules from and to JSON."""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import ValidationError

from promptops_server.approvals import rules as _folder
from promptops_server.approvals.model import GateFacts, Unmet
from promptops_server.approvals.rule import EnvironmentRule


@functools.cache
def all_rules() -> Mapping[str, type[EnvironmentRule]]:
    """All rules by name.

    Raises:
        TypeError: a file declares no rule or several, is called otherwise than its rule, or documents nothing.
    """
    found: dict[str, type[EnvironmentRule]] = {}
    for module in pkgutil.iter_modules(_folder.__path__):
        name = f"{_folder.__name__}.{module.name}"
        members = vars(importlib.import_module(name)).values()
        declared = [
            m
            for m in members
            if isinstance(m, type) and issubclass(m, EnvironmentRule) and m.__module__ == name
        ]
        if len(declared) != 1 or declared[0].name != module.name or not declared[0].__doc__:
            raise TypeError(f"{name} must declare exactly one documented rule of its own name")
        found[module.name] = declared[0]
    return found


class UnknownRule(EnvironmentRule):
    """A stored rule that this server cannot read: it was set by a newer one. Nothing is published past it."""

    name: ClassVar[str] = "unknown"
    called: str
    settings: Any = None

    def words(self) -> str:
        return f"{self.called}: set by a newer server; nothing can be published by this one"

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        yield self.unmet(
            f"Environment {facts.environment} has the rule {self.called}, which this server cannot read.",
            "Upgrade this server, or publish through one that knows the rule.",
        )


def from_text(text: str) -> tuple[EnvironmentRule, ...]:
    """An environment's rules as they are stored, by name. One that cannot be read stands as `UnknownRule`."""
    if text == "{}":  # most environments, on every publish
        return ()
    found: list[EnvironmentRule] = []
    for name, settings in sorted(json.loads(text).items()):
        kind = all_rules().get(name)
        try:
            if kind is None:
                raise ValueError
            found.append(kind.model_validate(settings))
        except (ValueError, ValidationError):
            found.append(UnknownRule(called=name, settings=settings))
    return tuple(found)


def to_json(rules: Iterable[EnvironmentRule]) -> dict[str, Any]:
    """The rules as the API shows and the database keeps them: name to settings."""
    return {name_of(rule): _settings(rule) for rule in rules}


def name_of(rule: EnvironmentRule) -> str:
    """The name a rule is stored under."""
    return rule.called if isinstance(rule, UnknownRule) else rule.name


def _settings(rule: EnvironmentRule) -> Any:
    if isinstance(rule, UnknownRule):
        return rule.settings
    return rule.model_dump(mode="json", by_alias=True, exclude_none=True)
