"""Thinking is switched on and off by a parameter of the model's own.

A prompt says it the way it says it to any model: `reasoningEffort: none`, or `thinking: {type: disabled}`.
"""

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
    shown,
)

_SWITCH = "enable_thinking"
_ASKED = ("thinking", "reasoning_effort")


def _apply(ask: Ask, settings: Settings) -> Changed:
    inside: str | None = settings.get("inside")
    wanted = [name for name in ask.parameters if _asks(ask, name, inside)]
    if not wanted:
        return Changed(ask)
    parameters = {name: value for name, value in ask.parameters.items() if name not in wanted}
    holder: dict[str, Any] = dict(parameters.get(inside) or {}) if inside else parameters
    given_already = _SWITCH in holder
    if not given_already:
        switches = [name for name in wanted if name in given(ask, [_SWITCH])]
        holder[_SWITCH] = _on(ask.parameters[(switches or wanted)[0]])
    if inside:
        parameters[inside] = holder
    where = f"{inside}.{_SWITCH}" if inside else _SWITCH
    said = [
        Said(name, f"{name} ({shown(ask.parameters[name])}) is sent as {where}: {holder[_SWITCH]}")
        for name in wanted
    ]
    return Changed(replace(ask, parameters=parameters), said)


def _asks(ask: Ask, name: str, inside: str | None) -> bool:
    if name in given(ask, _ASKED):
        return True
    return name in given(ask, [_SWITCH]) and (inside is not None or name != _SWITCH)


def _on(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = value.get("type")
    return value not in ("none", "disabled", "off", False, None)


RULE = Rule(
    help="Says whether to think in the way the model's template asks for.",
    apply=_apply,
    settings={
        "inside": Setting("text", "The parameter that holds the switch.", required=False),
    },
)
