"""`promptops models …`: models and the endpoints that serve them, one file per kind of work."""

from __future__ import annotations

from promptops.cli.command import group

app = group("Models: what is known about them.")

# The commands add themselves to `app`.
from promptops.cli.commands.models import catalogue  # noqa: E402, F401
