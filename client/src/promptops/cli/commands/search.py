"""`search`: a few words, and what they may mean in every project one may read."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect


def add_to(root: typer.Typer) -> None:
    """Put `search` in the tree."""
    command(root, "search", ["promptops search decline letter", "promptops search r42"])(search)


def search(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="A few words, r42, or '#12'.")
    ],
    json: JsonOption = False,
) -> None:
    """Find projects, environments, releases, reviews and prompts by a few words; the best 20.

    `prompt list -q` searches one project to the end.
    """
    out = Output(json)
    asked = " ".join(words).strip()
    if not asked or len(asked) > 200:
        raise BadInput("give 1 to 200 characters to search for")
    with connect(ctx) as server:
        found = server.get(api("search"), q=asked)
    out.json(found)
    out.table(
        ("KIND", "ADDRESS", "TITLE", "ABOUT"),
        ((h["kind"], h["address"], h["title"], h["subtitle"]) for h in found["items"]),
        "Nothing was found.",
    )
