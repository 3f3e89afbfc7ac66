"""`hold place|lift|list`: legal holds, under which nothing is removed, redacted or erased."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import api, connect

app = group("Legal holds.")

_Project = Annotated[str | None, typer.Option("--project", "-p", help="The project.")]
_Reason = Annotated[str, typer.Option("--reason", help="Which case or order; it is recorded.")]


@command(
    app,
    "place",
    [
        "promptops hold place -p retail-bank --reason 'Case 7 O 12/26'",
        "promptops hold place --installation --reason 'Order of the regulator, 3 May'",
    ],
)
def place(
    ctx: typer.Context,
    reason: _Reason,
    project: _Project = None,
    installation: Annotated[
        bool, typer.Option("--installation", help="Everything, in every project.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Keep everything of a project, or of the installation: nothing is removed, redacted or erased."""
    if (project is None) != installation:
        raise BadInput("say what is held: --project NAME, or --installation")
    out = Output(json)
    with connect(ctx) as server:
        made = server.post(api("holds"), {"project": project, "reason": reason})
    out.json(made)
    out.line(f"Hold {made['id']} is in force on {project or 'the installation'}.")


@command(app, "lift", ["promptops hold lift 0198… --reason 'Case closed'"])
def lift(
    ctx: typer.Context,
    hold: Annotated[str, typer.Argument(metavar="ID", help="The hold's id, from `hold list`.")],
    reason: _Reason,
    json: JsonOption = False,
) -> None:
    """End a hold."""
    out = Output(json)
    with connect(ctx) as server:
        done = server.post(api("holds", hold, "lift"), {"reason": reason})
    out.json(done)
    out.line(f"Hold {done['id']} is lifted.")


@command(app, "list", ["promptops hold list", "promptops hold list -p retail-bank --lifted"])
def list_(
    ctx: typer.Context,
    project: _Project = None,
    lifted: Annotated[bool, typer.Option("--lifted", help="Also those that ended.")] = False,
    json: JsonOption = False,
) -> None:
    """List the holds in force."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("holds"), project=project, lifted=lifted or None))
    out.json({"items": found})
    out.table(
        ("ID", "ON", "PLACED", "BY", "REASON", "LIFTED"),
        (
            (
                item["id"],
                item["project"] or "installation",
                when(item["placed_at"]),
                item["placed_by"],
                item["reason"],
                when(item["lifted_at"]) if item["lifted_at"] else "",
            )
            for item in found
        ),
        "No hold is in force.",
    )
