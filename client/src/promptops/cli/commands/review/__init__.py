"""`promptops review …` and `promptops work`: from a version to its approval, one file per kind of act."""

from __future__ import annotations

from promptops.cli.command import group

app = group(
    "Reviews: ask for one, comment, decide, see what is missing.\n\n"
    "A request is written project#12, or as the address of the prompt it is about."
)

# The commands add themselves to `app`.
from promptops.cli.commands import certification  # noqa: E402
from promptops.cli.commands.review import ask, comment, decide, look  # noqa: E402, F401

certification.add_to(app)
