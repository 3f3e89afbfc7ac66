"""The fixtures `promptops` and `async_promptops`: an empty in-memory client for one test.

Owns the fixtures only. Switch them on with `pytest_plugins = ["promptops.testing.pytest_plugin"]`.
"""

from __future__ import annotations

import pytest

from promptops.testing.in_memory import InMemoryPromptOps
from promptops.testing.in_memory_async import InMemoryAsyncPromptOps


@pytest.fixture
def promptops() -> InMemoryPromptOps:
    """An environment in memory, empty at the start of every test, as a `PromptOps`."""
    return InMemoryPromptOps()


@pytest.fixture
def async_promptops() -> InMemoryAsyncPromptOps:
    """The same as an `AsyncPromptOps`."""
    return InMemoryAsyncPromptOps()
