"""The fixture `promptops`: an empty `InMemoryPromptOps` for one test.

Owns the fixture only. Switch it on with `pytest_plugins = ["promptops.testing.pytest_plugin"]`.
"""

from __future__ import annotations

import pytest

from promptops.testing.in_memory import InMemoryPromptOps


@pytest.fixture
def promptops() -> InMemoryPromptOps:
    """An environment in memory, empty at the start of every test."""
    return InMemoryPromptOps()
