"""How a command of the command line ended, as tests look at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def problem(self) -> Any:
        return json.loads(self.err)


Cli = Callable[..., Done]


def prompt_text(edition: str) -> str:
    """A prompt file with a comment, two inputs and a variant."""
    return (
        "# kept\n"
        "description: Sorts claims\n"
        "inputs:\n"
        "  claim: {type: string}\n"
        "  urgent: {type: boolean, required: false, default: false}\n"
        "messages:\n"
        "  - role: system\n"
        f"    content: You sort claims, edition {edition}.\n"
        "  - role: user\n"
        "    content: '{{ claim }} ({{ urgent }})'\n"
        "variants:\n"
        "  claude:\n"
        "    messages:\n"
        "      - role: user\n"
        "        content: 'For Claude: {{ claim }} {{ urgent }}'\n"
    )
