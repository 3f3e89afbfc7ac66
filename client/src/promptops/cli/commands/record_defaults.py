"""`record defaults show|set`: what the prompts of a project or module have in common in their records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.records import changes_of
from promptops.cli.session import Answer, Session, api, connect
from promptops.format.names import Address

app = group("Defaults of records: what all prompts of a project or module have in common.")

PlaceArgument = Annotated[
    str, typer.Argument(metavar="PROJECT[/MODULE]", help="A project, or a module in it.")
]


@command(
    app,
    "show",
    [
        "promptops record defaults show retail-bank",
        "promptops record defaults show retail-bank/claims --json",
    ],
)
def show(ctx: typer.Context, given: PlaceArgument, json: JsonOption = False) -> None:
    """Show the defaults file of a project or module, and which prompts it applies to."""
    out = Output(json)
    place = addresses.place(given)
    with connect(ctx) as server:
        told = _read(server, place).value
    out.json(told)
    if told["text"]:
        out.exact(told["text"].encode())
    if not json:
        note(f"{told['file']}: {_affected(told)}" if told["exists"] else _none(place))


@command(
    app,
    "set",
    [
        "promptops record defaults set retail-bank data_class=internal -m 'No customer data'",
        "promptops record defaults set retail-bank/claims use_case_id=UC-RB-014",
        "promptops record defaults set retail-bank --from-file record-defaults.yml",
    ],
)
def set_(
    ctx: typer.Context,
    given: PlaceArgument,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="Members with a dot; lists as YAML or JSON."),
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from-file", metavar="FILE", help="Keys of the record, as YAML or JSON."),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="KEY", help="Take a key out.")
    ] = None,
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Change defaults with a commit on main; comments and the rest of the file stay.

    No prompt gets a version by it: each takes the defaults up with its next one.
    """
    from promptops.format import CannotEdit, CannotWrite, edit

    out = Output(json)
    place = addresses.place(given)
    changes = {
        path[1:]: value for path, value in changes_of(values or (), from_file, unset or ()).items()
    }
    with connect(ctx) as server:
        base = _read(server, place)
        try:
            text = edit(base.value["text"], changes)
        except (CannotEdit, CannotWrite) as error:
            raise BadInput(str(error), remedy="repair the file with Git") from None
        done = server.request(
            "PUT",
            _route(place),
            json={"text": text, "message": message},
            headers={"If-Match": base.headers["etag"]},
        ).value
    out.json(done)
    if done["commit"] is None:
        out.line(f"{done['file']} says this already.")
        return
    out.line(f"{done['file']} of {done['project']} is changed: {_affected(done)}.")
    if done["affected"] and not json:
        note("Each takes it up with its next version; see promptops record check.")


def _read(server: Session, place: Address) -> Answer:
    return server.request("GET", _route(place))


def _route(place: Address) -> str:
    return api("projects", place.project, "record-defaults", *([place.path] if place.path else []))


def _affected(told: dict[str, Any]) -> str:
    count = told["affected"]
    if not count:
        return "it applies to no prompt yet"
    first = ", ".join(told["prompts"][:3]) + (", …" if count > 3 else "")
    return f"it applies to {count:,} prompt{'s' * (count > 1)}: {first}"


def _none(place: Address) -> str:
    return f"{place} has no defaults of its own."
