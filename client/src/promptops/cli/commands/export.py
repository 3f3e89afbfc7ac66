"""`export`: prompts in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.exporting import NATIVE, outgoing, place_files, versions
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import connect


def add_to(app: typer.Typer) -> None:
    """Put `export` at the top of the tree."""
    command(app, "export", _EXAMPLES)(export)


_EXAMPLES = [
    "promptops export retail-bank/claims/triage --format github -o triage.prompt.yml",
    "promptops export retail-bank@production --format prompty -o ./prompty --strict",
    "promptops export retail-bank/claims --format langfuse -o ./out --json",
]


def export(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="A prompt, module or project; with @7 or @production."
        ),
    ],
    format_name: Annotated[str, typer.Option("--format", help="The other tool's format.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PATH", help="A folder, or a file for one.")
    ],
    text: Annotated[
        str, typer.Option("--text", help="With --format directory: md or txt files of text.")
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 when something was lost.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files.")] = False,
    json: JsonOption = False,
) -> None:
    """Export prompts to another tool. What its format cannot carry is listed.

    Formats: csv, directory, dotprompt, github, langfuse, mlflow, promptfoo, prompty.
    """
    from promptops.format.convert import BadOption, converters, write

    out = Output(json)
    address = addresses.place(given)
    if format_name not in converters():
        raise BadInput(
            f"there is no format {format_name!r}", remedy=f"there are: {', '.join(converters())}"
        )
    with connect(ctx) as server:
        native = format_name == NATIVE and not text
        prompts, losses = outgoing(server, versions(server, address), native=native)
    try:
        written = write(format_name, prompts, {"text": text} if text else {})
    except BadOption as error:
        raise BadInput(str(error)) from None
    losses += written.losses
    places = place_files(written.files, output, force=force)
    out.json(
        {
            "format": format_name,
            "files": [str(place) for place in places],
            "losses": [
                {"where": loss.where, "key": loss.key_text, "reason": loss.reason}
                for loss in losses
            ],
        }
    )
    for place in places:
        out.line(str(place))
    for loss in losses:
        note(f"not carried: {loss}")
    if strict and losses:
        raise Refused(
            f"{len(losses)} {'thing was' if len(losses) == 1 else 'things were'} not carried; "
            "the files are written without"
        )
