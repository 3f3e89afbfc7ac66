"""`working-copy save|rebase|undo|commit|discard`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.prompt.put import MessageOption, read_stdin
from promptops.cli.commands.working_copy import app
from promptops.cli.commands.working_copy.look import AddressArgument
from promptops.cli.copies import (
    change,
    changed,
    find_copy,
    read_copy,
    route,
    save_copy,
    show_findings,
    show_saved,
)
from promptops.cli.failures import Refused, ServerProblem
from promptops.cli.output import JsonOption, Output
from promptops.cli.releasing import YesOption
from promptops.cli.session import connect
from promptops.cli.texts import read_file


class Prefer(StrEnum):
    """The side to take where both changed the same lines."""

    yours = "yours"
    theirs = "theirs"


@command(
    app,
    "save",
    [
        "promptops working-copy save retail-bank/claims/triage triage.prompt.yml",
        "promptops working-copy save retail-bank/claims/triage triage.prompt.yml --revision 12",
        "generate | promptops working-copy save retail-bank/claims/triage -",
    ],
)
def save(
    ctx: typer.Context,
    given: AddressArgument,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, - for stdin.")],
    parent: Annotated[
        int | None,
        typer.Option(
            "--parent",
            min=0,
            metavar="N",
            help="The version the text was made from (0: the prompt is new). Default: as before; "
            "for a first save the newest one.",
        ),
    ] = None,
    revision: Annotated[
        int | None,
        typer.Option(
            "--revision",
            min=1,
            metavar="N",
            help="The revision your text was made from. If it was saved since, nothing is "
            "written. Default: whatever is saved now.",
        ),
    ] = None,
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a text on the server, finished or not; it becomes a version when you commit it."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    text = read_stdin() if file == "-" else read_file(Path(file))
    with connect(ctx) as server:
        if revision is not None:
            tag: str | None = f'"w{revision}"'
        else:
            known = find_copy(server, address)
            tag = known.tag if known else None
        copy = save_copy(server, address, text, tag=tag, parent=parent, message=message)
    out.json(copy.fields)
    show_saved(out, copy)
    if not json:
        show_findings(copy, "standard input" if file == "-" else file)


@command(
    app,
    "rebase",
    [
        "promptops working-copy rebase retail-bank/claims/triage",
        "promptops working-copy rebase retail-bank/claims/triage --prefer yours",
    ],
)
def rebase(
    ctx: typer.Context,
    given: AddressArgument,
    prefer: Annotated[
        Prefer | None,
        typer.Option(
            "--prefer",
            help="Take this side where both changed the same lines; also settles markers.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Merge what changed since into your working copy. Exit code 1 while conflicts are left."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        before = read_copy(server, address)
        copy = changed(server, address, "rebase", prefer=prefer.value if prefer else None)
    out.json(copy.fields)
    conflicts = copy.fields["conflicts"]
    if copy.tag == before.tag and not conflicts:
        out.line(f"{address}: nothing to merge, it is {copy.base}.")
    else:
        show_saved(out, copy)
    if conflicts:
        raise Refused(
            "both sides changed the same lines; they are marked in the text",
            remedy=f"merge by hand: promptops prompt edit {address}; or take one side: "
            f"promptops working-copy rebase {address} --prefer yours",
            errors=[
                {
                    "file": str(address),
                    "line": found["start_line"],
                    "message": f"conflict up to line {found['end_line']}",
                }
                for found in conflicts
            ],
        )
    if not json:
        show_findings(copy, str(address))


@command(app, "undo", ["promptops working-copy undo retail-bank/claims/triage"])
def undo(ctx: typer.Context, given: AddressArgument, json: JsonOption = False) -> None:
    """Bring back the text before the last rebase or take; again, and that is undone."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        copy = changed(server, address, "undo")
    out.json(copy.fields)
    show_saved(out, copy)


@command(
    app, "commit", ["promptops working-copy commit retail-bank/claims/triage -m 'Shorter answers'"]
)
def commit(
    ctx: typer.Context,
    given: AddressArgument,
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Make your working copy the next version of its prompt."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        try:
            made = change(server, address, "commit", {"message": message}).value
        except ServerProblem as problem:
            if problem.slug_received == "stale-version":
                problem.document["remedy"] = (
                    f"merge it first: promptops working-copy rebase {address}"
                )
            if problem.slug_received == "conflict-markers":
                problem.document["remedy"] = (
                    f"merge by hand: promptops prompt edit {address}; or take one side: "
                    f"promptops working-copy rebase {address} --prefer yours"
                )
            raise
    out.json(made)
    out.line(f"{address} is version {made['version']} now.")


@command(
    app,
    "discard",
    [
        "promptops working-copy discard retail-bank/claims/triage",
        "promptops working-copy discard retail-bank/claims/triage --owner ben --yes",
    ],
)
def discard(
    ctx: typer.Context,
    given: AddressArgument,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help="What this person left (administrators)."),
    ] = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Throw a working copy away; nothing brings it back."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        if owner is None:
            copy = read_copy(server, address)
            headers = {"If-Match": copy.tag}
            what = f"your working copy of {address} (revision {copy.fields['revision']})"
        else:
            headers, what = {}, f"{owner}'s working copy of {address}"
        if not yes and somebody_is_there():
            confirm(f"Discard {what}?")
        server.request("DELETE", route(address), params={"owner": owner}, headers=headers)
    out.json({"address": str(address), "discarded": True})
    out.line(f"{what[0].upper()}{what[1:]} is discarded.")
