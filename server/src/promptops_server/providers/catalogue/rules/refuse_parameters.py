"""Parameters that are refused are left out."""

from __future__ import annotations

from dataclasses import replace

from promptops.calls.ask import Ask, snake_case
from promptops_server.providers.catalogue.rules.rule import (
    Changed,
    Rule,
    Said,
    Setting,
    Settings,
    given,
    shown,
)


def _apply(ask: Ask, settings: Settings) -> Changed:
    allowed = {
        snake_case(name): tuple(values) for name, values in (settings.get("allowed") or {}).items()
    }
    refused = [
        name
        for name in given(ask, settings["parameters"])
        if ask.parameters[name] not in allowed.get(snake_case(name), ())
    ]
    if not refused:
        return Changed(ask)
    kept = {name: value for name, value in ask.parameters.items() if name not in refused}
    said = [Said(name, f"{name} ({shown(ask.parameters[name])}) is left out") for name in refused]
    return Changed(replace(ask, parameters=kept), said)


RULE = Rule(
    help="Leaves out parameters that the model refuses.",
    apply=_apply,
    settings={
        "parameters": Setting("texts", "Their names."),
        "allowed": Setting("mapping", "Values that are taken after all, by name.", required=False),
    },
)
