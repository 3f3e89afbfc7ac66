"""`promptops models …`: the endpoints of models this installation may call, one file per kind of work."""

from __future__ import annotations

from promptops.cli.command import group

app = group("Model targets: the endpoints of models, their credentials, budgets and checks.")

# The commands add themselves to `app`; `--help` lists them in this order.
from promptops.cli.commands.models import (  # noqa: E402, F401, I001
    look,
    change,
    check,
    catalogue,
)
