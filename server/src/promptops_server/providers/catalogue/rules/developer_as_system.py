"""The role `developer` is not known: such messages are sent as `system`."""

from __future__ import annotations

from dataclasses import replace

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.rules.rule import Changed, Rule, Said, Settings


def _apply(ask: Ask, settings: Settings) -> Changed:
    said = [
        Said(f"messages[{number}].role", "a developer message is sent as a system message")
        for number, message in enumerate(ask.messages)
        if message["role"] == "developer"
    ]
    if not said:
        return Changed(ask)
    messages = [
        {**message, "role": "system"} if message["role"] == "developer" else message
        for message in ask.messages
    ]
    return Changed(replace(ask, messages=messages), said)


RULE = Rule(help="Sends developer messages as system messages.", apply=_apply)
