"""`crosswalk`: which clause of which framework is served by what, and where the proof lies."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Annotated

import typer

from promptops.cli.command import command
from promptops.cli.output import JsonOption, Output, note


class Framework(StrEnum):
    """The frameworks of the cross-walk."""

    feat = "feat"
    mas = "mas"
    eu = "eu"
    nist = "nist"
    iso = "iso"
    records = "records"


def add_to(app: typer.Typer) -> None:
    """Put `crosswalk` at the top of the tree."""
    command(
        app,
        "crosswalk",
        ["promptops crosswalk", "promptops crosswalk --framework eu --json"],
    )(crosswalk)


def crosswalk(
    framework: Annotated[
        Framework | None, typer.Option("--framework", "-f", help="Only this one.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show which fields and features serve which clause, and where the proof lies. Needs no server."""
    from promptops.evidence.crosswalk import NAMES, NOTICE, rows_of, title_of

    out = Output(json)
    chosen = [framework.value] if framework else list(NAMES)
    out.json(
        {
            "notice": NOTICE,
            "frameworks": [
                {
                    "name": name,
                    "title": title_of(name),
                    "rows": [dataclasses.asdict(row) for row in rows_of(name)],
                }
                for name in chosen
            ],
        }
    )
    for name in chosen:
        out.line(title_of(name))
        out.table(
            ("CLAUSE", "ABOUT", "FIELDS", "SERVED BY", "COMMAND", "IN THE PACK"),
            (dataclasses.astuple(row) for row in rows_of(name)),
            "",
        )
    if not json:
        note(NOTICE)
