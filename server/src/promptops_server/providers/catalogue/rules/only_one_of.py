"""Of several parameters only one is taken: the first in the list that is given stays."""

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
    order = [snake_case(name) for name in settings["parameters"]]
    names = sorted(given(ask, order), key=lambda name: order.index(snake_case(name)))
    dropped = names[1:]
    if not dropped:
        return Changed(ask)
    kept = {name: value for name, value in ask.parameters.items() if name not in dropped}
    said = [
        Said(
            name, f"{name} ({shown(ask.parameters[name])}) is left out: only {names[0]} can be sent"
        )
        for name in dropped
    ]
    return Changed(replace(ask, parameters=kept), said)


RULE = Rule(
    help="Keeps one of several parameters that exclude each other.",
    apply=_apply,
    settings={"parameters": Setting("texts", "Their names; the first one given is kept.")},
)
