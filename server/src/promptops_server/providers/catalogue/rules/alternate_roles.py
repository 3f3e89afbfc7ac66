"""User and assistant have to take turns: neighbours of one role are sent as one message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.contents import joined
from promptops_server.providers.catalogue.rules.rule import Changed, Rule, Said, Settings


def _apply(ask: Ask, settings: Settings) -> Changed:
    said: list[Said] = []
    messages: list[Mapping[str, Any]] = []
    for number, message in enumerate(ask.messages):
        before = messages[-1] if messages else None
        if before is not None and before["role"] == message["role"] and _plain(before, message):
            content = joined(before.get("content"), message.get("content"))
            messages[-1] = {**before, "content": content}
            said.append(
                Said(f"messages[{number}]", f"joined to the {message['role']} message before it")
            )
        else:
            messages.append(message)
    return Changed(replace(ask, messages=messages), said) if said else Changed(ask)


def _plain(*messages: Mapping[str, Any]) -> bool:
    return all(set(message) <= {"role", "content"} for message in messages) and messages[0][
        "role"
    ] in ("user", "assistant")


RULE = Rule(help="Joins neighbouring messages of one role.", apply=_apply)
