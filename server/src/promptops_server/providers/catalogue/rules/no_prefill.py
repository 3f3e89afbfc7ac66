"""The beginning of the answer may not be given: the conversation has to end with the user."""

from __future__ import annotations

from dataclasses import replace

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.rules.rule import Changed, Rule, Said, Settings, shown


def _apply(ask: Ask, settings: Settings) -> Changed:
    messages = list(ask.messages)
    said: list[Said] = []
    while messages and messages[-1]["role"] == "assistant" and not messages[-1].get("tool_calls"):
        given = messages.pop()
        said.append(
            Said(
                f"messages[{len(messages)}]",
                f"the beginning of the answer is left out: {shown(given.get('content'))!r}",
            )
        )
    return Changed(replace(ask, messages=messages), said) if said else Changed(ask)


RULE = Rule(help="Leaves out assistant messages at the end (prefill).", apply=_apply)
