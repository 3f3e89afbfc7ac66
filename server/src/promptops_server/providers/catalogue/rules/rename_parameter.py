"""A parameter goes by another name there."""

from __future__ import annotations

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
    shown,
)


def _apply(ask: Ask, settings: Settings) -> Changed:
    to: str = settings["to"]
    renamed = [name for name in given(ask, settings["parameters"]) if name != to]
    if not renamed:
        return Changed(ask)
    already = bool(given(ask, [to]))
    parameters: dict[str, Any] = {}
    said: list[Said] = []
    for name, value in ask.parameters.items():
        if name not in renamed:
            parameters[name] = value
        elif already or to in parameters:
            said.append(Said(name, f"{name} ({shown(value)}) is left out: {to} is given"))
        else:
            parameters[to] = value
            said.append(Said(name, f"{name} is sent as {to}"))
    return Changed(replace(ask, parameters=parameters), said)


RULE = Rule(
    help="Sends a parameter under the name the model knows.",
    apply=_apply,
    settings={
        "parameters": Setting("texts", "Names it may have in the prompt."),
        "to": Setting("text", "The name it is sent under."),
    },
)
