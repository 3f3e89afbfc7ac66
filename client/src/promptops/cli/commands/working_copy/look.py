"""`working-copy list|show|diff`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.working_copy import app
from promptops.cli.copies import WARN_DAYS, read_copy, show_findings, show_standing
from promptops.cli.failures import BadInput, ServerProblem
from promptops.cli.output import JsonOption, Output, note, warn, when
from promptops.cli.session import api, connect

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")]


@command(
    app,
    "list",
    ["promptops working-copy list", "promptops working-copy list retail-bank --json"],
)
def list_(
    ctx: typer.Context,
    project: Annotated[
        str | None, typer.Argument(metavar="[PROJECT]", help="Only in this project.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List your working copies."""
    out = Output(json)
    with connect(ctx) as server:
        if project is not None:
            names = [addresses.place(project).project]
        else:
            names = [found["name"] for found in server.pages(api("projects"))]
        found = []
        for name in names:
            try:
                found += list(server.pages(api("projects", name, "working-copies")))
            except ServerProblem as problem:
                # Where one may only read, there are no copies of one's own.
                if project is not None or problem.status != 403:
                    raise
    out.json({"items": found})
    out.table(
        ("PROMPT", "MADE FROM", "BEHIND", "SAVED", "SHARED", "MESSAGE"),
        (
            (
                f["address"],
                f"@{f['parent']}" if f["parent"] else "new",
                "archived" if f["parent_gone"] else f["behind"] or "",
                when(f["updated_at"]),
                "yes" if f["share"] else "",
                f["message"],
            )
            for f in found
        ),
        "You have no working copy.",
    )
    if not json:
        soon = (datetime.now(UTC) + timedelta(days=WARN_DAYS)).strftime("%Y-%m-%dT%H:%M:%S")
        for f in found:
            if f["removed_at"] < soon:
                warn(f"{f['address']} is removed at {when(f['removed_at'])} unless it is saved")


@command(
    app,
    "show",
    [
        "promptops working-copy show retail-bank/claims/triage",
        "promptops working-copy show retail-bank/claims/triage -o triage.prompt.yml",
    ],
)
def show(
    ctx: typer.Context,
    given: AddressArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the text of your working copy, and what is wrong with it; --json shows everything."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        copy = read_copy(server, address)
    content = copy.text.encode()
    out.json(copy.fields)
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise BadInput(f"{output} cannot be written: {error.strerror or error}") from None
        if not json:
            note(
                f"Revision {copy.fields['revision']} is in {output}. To save your change:\n"
                f"  promptops working-copy save {address} {output} "
                f"--revision {copy.fields['revision']}"
            )
    else:
        out.exact(content)
    if not json:
        show_findings(copy, str(output or address))


@command(app, "diff", ["promptops working-copy diff retail-bank/claims/triage"])
def diff(ctx: typer.Context, given: AddressArgument, json: JsonOption = False) -> None:
    """Show what your working copy changes in the version it was made from."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        copy = read_copy(server, address, diff=True)
    out.json({"parent": copy.fields["parent"], "text": copy.fields["diff"]})
    out.diff(copy.fields["diff"])
    if not json:
        if not copy.fields["diff"]:
            note("There is no difference.")
        show_standing(copy.fields)
