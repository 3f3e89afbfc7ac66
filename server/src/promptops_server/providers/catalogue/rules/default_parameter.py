"""A parameter has to be given: without one, this value is sent."""

from __future__ import annotations

from dataclasses import replace

from promptops.calls.ask import Ask, copied
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
    name: str = settings["parameter"]
    if given(ask, [name]):
        return Changed(ask)
    value = copied(settings["value"])
    return Changed(
        replace(ask, parameters={**ask.parameters, name: value}),
        [Said(name, f"{name} is sent as {shown(value)}, since the prompt does not say")],
    )


RULE = Rule(
    help="Sends a value where the prompt gives none and the provider's own would be refused.",
    apply=_apply,
    settings={
        "parameter": Setting("text", "Its name."),
        "value": Setting("any", "What is sent."),
    },
)
