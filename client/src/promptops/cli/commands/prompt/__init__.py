"""`promptops prompt …`: write prompts and look at them, one file per kind of work."""

from __future__ import annotations

from promptops.cli.command import group

app = group("Prompts: write them and look at them.")

# The commands add themselves to `app`.
from promptops.cli.commands.prompt import (  # noqa: E402, F401
    diff,
    edit,
    history,
    look,
    put,
    render,
    restore,
    transfer,
)
