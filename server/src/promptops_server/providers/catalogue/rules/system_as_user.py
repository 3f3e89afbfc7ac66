"""There is no system role: what it says goes to the start of the user's next message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.contents import joined
from promptops_server.providers.catalogue.rules.rule import Changed, Rule, Said, Settings

_SYSTEM = ("system", "developer")


def _apply(ask: Ask, settings: Settings) -> Changed:
    said: list[Said] = []
    messages: list[Mapping[str, Any]] = []
    waiting: Any = None
    for number, message in enumerate(ask.messages):
        role = message["role"]
        if role in _SYSTEM:
            waiting = joined(waiting, message.get("content"))
            said.append(
                Said(f"messages[{number}].role", f"the {role} message is sent in a user message")
            )
            continue
        if waiting and role == "user":
            message = {**message, "content": joined(waiting, message.get("content"))}
        elif waiting:
            messages.append({"role": "user", "content": waiting})
        waiting = None
        messages.append(message)
    if waiting:
        messages.append({"role": "user", "content": waiting})
    return Changed(replace(ask, messages=messages), said) if said else Changed(ask)


RULE = Rule(help="Puts system messages into the user message that follows.", apply=_apply)
