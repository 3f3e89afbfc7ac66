"""A way of thinking that the model refuses is replaced by one it takes, or left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.rules.rule import (
    Changed,
    Rule,
    Said,
    Setting,
    Settings,
    given,
)

_BUDGET = ("budget_tokens", "budgetTokens")


def _apply(ask: Ask, settings: Settings) -> Changed:
    types: Mapping[str, Any] = settings["types"]
    parameters = dict(ask.parameters)
    said: list[Said] = []
    for name in given(ask, ["thinking"]):
        value = parameters[name]
        kind = value.get("type") if isinstance(value, Mapping) else None
        if not isinstance(kind, str) or kind not in types:
            continue
        to = types[kind]
        if to is None:
            del parameters[name]
            said.append(Said(name, f"thinking of type {kind} is left out"))
            continue
        kept = {key: item for key, item in value.items() if key not in _BUDGET}
        parameters[name] = {**kept, "type": to}
        budget = ", without its budget" if len(kept) < len(value) else ""
        said.append(Said(name, f"thinking of type {kind} is sent as {to}{budget}"))
    return Changed(replace(ask, parameters=parameters), said) if said else Changed(ask)


RULE = Rule(
    help="Replaces kinds of thinking that the model refuses.",
    apply=_apply,
    settings={
        "types": Setting("mapping", "By refused type, the one that is sent; null leaves it out."),
    },
)
