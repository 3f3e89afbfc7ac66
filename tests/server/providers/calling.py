"""Targets, prompts and a `Calls` for tests of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from promptops.calls.ask import Ask
from promptops_server.infra.sections.models import ModelSettings
from promptops_server.providers.calls import Calls
from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.model import Target
from promptops_server.providers.wire.http import Http

T = TypeVar("T")


def an_ask(text: str = "What is the capital of France?", **more: Any) -> Ask:
    """A rendered prompt; `more` replaces its members."""
    members: dict[str, Any] = {
        "name": "bank/capital",
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": text}],
        "parameters": {},
        "tools": [],
        "response_format": None,
        "json_schema": None,
        **more,
    }
    return Ask(**members)


def a_target(base_url: str, **more: Any) -> Target:
    """A target at this address; `more` replaces its members."""
    members: dict[str, Any] = {
        "id": "t-1",
        "name": "capital",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "base_url": base_url,
        **more,
    }
    return Target(**members)


def calling(
    work: Callable[[Calls], Awaitable[T]], *, settings: dict[str, Any] | None = None, **more: Any
) -> T:
    """What `work` comes to with a `Calls` that is closed at its end. Waits are not random unless `chance` says so."""

    async def run() -> T:
        calls = Calls(
            Http(ModelSettings(**(settings or {}))),
            all_providers(),
            **{"secret_of": lambda target: "sk-test", "chance": lambda: 0.01, **more},
        )
        try:
            return await work(calls)
        finally:
            await calls.close()

    return asyncio.run(run())
