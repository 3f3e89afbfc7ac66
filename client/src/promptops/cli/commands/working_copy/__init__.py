"""`promptops working-copy …`: unsaved edits that the server keeps, one file per kind of work."""

from __future__ import annotations

from promptops.cli.command import group

app = group("Working copies: your unsaved edits, kept by the server until you commit them.")

# The commands add themselves to `app`.
from promptops.cli.commands.working_copy import change, look, share  # noqa: E402, F401
