"""`models list|show`."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import command
from promptops.cli.commands.models import app
from promptops.cli.commands.models.shown import fields, show_many
from promptops.cli.failures import ServerProblem
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect


@command(app, "list", ["promptops models list", "promptops models list --project retail-bank"])
def list_(
    ctx: typer.Context,
    project: Annotated[
        str,
        typer.Option("--project", "-p", help="Those this project may use; for everybody in it."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """List model targets: all of them (for administrators), or those a project may use."""
    out = Output(json)
    with connect(ctx) as server:
        path = api("projects", project, "models") if project else api("models")
        try:
            found = list(server.pages(path))
        except ServerProblem as problem:
            if problem.status == 403 and not project:
                problem.document["remedy"] = (
                    "name a project to see those it may use: promptops models list --project NAME"
                )
            raise
    out.json({"items": found})
    empty = f"{project} may use no model target." if project else "There are no model targets."
    show_many(out, found, empty)


@command(app, "show", ["promptops models show gpt-mini", "promptops models show gpt-mini --json"])
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The target's name.")],
    json: JsonOption = False,
) -> None:
    """Show a model target: what it is, where its credential lies, what it cost, what its last check found."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("models", name))
    out.json(found)
    out.fields(fields(found))
