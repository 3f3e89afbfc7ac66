"""A short way from a text to a file or its problems."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest
from hypothesis import settings

from promptops.format import Parsed, PromptFile, parse

# Time per example says more about how busy the machine is than about the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture
def valid() -> Callable[[str], PromptFile]:
    """Parse a text (dedented) that must be a valid file."""

    def read(text: str) -> PromptFile:
        parsed = parse(textwrap.dedent(text))
        assert parsed.file is not None, [str(p) for p in parsed.problems]
        return parsed.file

    return read


@pytest.fixture
def found() -> Callable[[str], list[tuple[str, str, int, int]]]:
    """Parse a text (dedented); its problems as (code, key, line, column)."""

    def read(text: str) -> list[tuple[str, str, int, int]]:
        parsed: Parsed = parse(textwrap.dedent(text))
        assert (parsed.file is None) == any(p.severity == "error" for p in parsed.problems)
        return [(p.code, p.key, p.line, p.column) for p in parsed.problems]

    return read
