"""`retire`: the use of a prompt ends, or begins again."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.output import JsonOption, Output
from promptops.cli.releasing import ReasonOption
from promptops.cli.session import api, connect


def add_to(app: typer.Typer) -> None:
    """Put `retire` at the top of the tree."""
    command(
        app,
        "retire",
        [
            "promptops retire retail-bank/claims/triage --reason 'Replaced by the claims agent'",
            "promptops retire retail-bank/claims/triage --undo --reason 'The agent was withdrawn'",
        ],
    )(retire)


def retire(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The prompt.")],
    reason: ReasonOption,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back instead.")] = False,
    json: JsonOption = False,
) -> None:
    """End the use of a prompt: from then on it cannot be published where approval is asked.

    Refused while it is live there. Its versions, releases and evidence stay.
    """
    out = Output(json)
    found = addresses.bare_prompt(address)
    path = api("projects", found.project, "retirements", *(["undo"] if undo else []))
    with connect(ctx) as server:
        made = server.post(path, {"path": found.path, "reason": reason})
    out.json(made)
    said = "may be published again" if undo else "is retired"
    out.line(f"{found.project}/{found.path} {said}.")
