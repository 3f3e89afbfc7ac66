"""`inventory`: all prompts of a project, or of every project, as a table, CSV, JSON or a document."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.inventory_report import html, markdown
from promptops.cli.output import JsonOption, Output, cell, note
from promptops.cli.session import api, connect

_COLUMNS = (
    *("address", "version", "use_case_id", "owner", "decision_role", "tier", "residual_tier"),
    *("complete", "faults", "model", "live"),
)


class Format(StrEnum):
    """How an inventory is written."""

    table = "table"
    csv = "csv"
    json = "json"
    report = "report"


def add_to(root: typer.Typer) -> None:
    """Put `inventory` in the tree."""
    command(
        root,
        "inventory",
        [
            "promptops inventory retail-bank",
            "promptops inventory retail-bank/claims --format csv > inventory.csv",
            "promptops inventory --format report -o inventory.html",
        ],
    )(inventory)


def inventory(
    ctx: typer.Context,
    given: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROJECT[/MODULE]]",
            help="A project, or a module in it. Without one: every project you may read.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.table,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to. A report is HTML in .html."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List all prompts with use case, owner, tier and whether their records are complete.

    A report is the AI inventory as a document, by use case: Markdown, or HTML with -o FILE.html.
    """
    if json:
        form = Format.json
    if output is not None and form not in (Format.report, Format.csv):
        raise BadInput("-o writes a report or CSV", remedy="add --format report or --format csv")
    out = Output(form is Format.json)
    place = addresses.place(given) if given else None
    with connect(ctx) as server:
        if place is None:
            items = list(server.pages(api("inventory")))
        else:
            route = api("projects", place.project, "inventory")
            items = list(server.pages(route, module=place.path or None))
    if form is Format.report:
        title = f"AI inventory: {place}" if place else "AI inventory"
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        as_html = output is not None and output.suffix.lower() in (".html", ".htm")
        _write(out, (html if as_html else markdown)(items, title, at), output)
    elif form is Format.csv:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([[_safe(v) for v in _row(item)] for item in items])
        _write(out, text.getvalue(), output)
    else:
        out.json({"items": items})
        heads = [name.replace("_", " ").upper() for name in _COLUMNS]
        out.table(heads, (_row(item) for item in items), "There are no prompts.")


def _write(out: Output, text: str, output: Path | None) -> None:
    if output is None:
        out.exact(text.encode())
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from None
    note(f"It is in {output}.")


def _row(item: dict[str, Any]) -> list[str]:
    live = [f"{place['environment']} @{place['version']}" for place in item["live"]]
    return [cell(live if name == "live" else item[name]) for name in _COLUMNS]


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
