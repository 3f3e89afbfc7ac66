"""`review list|show|status` and `work`: where things stand."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import addresses, reviewing
from promptops.cli.command import command
from promptops.cli.commands.review import app
from promptops.cli.failures import EXIT_REFUSED
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.reviewing import RequestArgument
from promptops.cli.session import api, connect


@command(
    app,
    "list",
    [
        "promptops review list retail-bank --state in_review",
        "promptops review list retail-bank/claims --mine",
    ],
)
def list_(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="PROJECT[/PATH]", help="Where.")],
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            help="in_review, changes_requested, reviewed, approved, lapsed, rejected, withdrawn or revoked.",
        ),
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those I asked for.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List requests, newest first."""
    out = Output(json)
    place = addresses.place(given)
    with connect(ctx) as server:
        path = api("projects", place.project, "reviews")
        found = list(
            server.pages(
                path, at_most=limit, state=state, under=place.path or None, mine=mine or None
            )
        )
    out.json({"items": found})
    out.table(reviewing.COLUMNS, map(reviewing.row, found), "No requests.")


@command(app, "show", ["promptops review show 'retail-bank#12'"])
def show(ctx: typer.Context, request: RequestArgument, json: JsonOption = False) -> None:
    """Show a request with its decisions."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(reviewing.find(server, request).path)
    out.json(found)
    reviewing.show(out, found)


@command(
    app,
    "status",
    [
        "promptops review status retail-bank/claims/triage",
        "promptops review status retail-bank/claims/triage@7 --check",
    ],
)
def status(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="A prompt, or one version.")],
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 unless it is approved or published.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show where a version stands on its way to production, and what it lacks."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(reviewing.status_path(addresses.prompt(given)))
    out.json(found)
    out.line(f"{found['address']} is {found['state'].replace('_', ' ')}")
    out.fields(
        [
            ("tier", found["tier"] or f"unknown: {', '.join(found['tier_missing'])} not answered"),
            (
                "record",
                "complete" if found["complete"] else f"{len(found['gaps'])} missing or wrong",
            ),
            ("authors", found["authors"]),
            ("unknown authors", found["unmapped_authors"]),
        ]
    )
    for gap in found["gaps"]:
        out.line(f"  {gap['id']} {gap['key']}: {gap['message']}. {gap['fix']}")
    if found["request"] is not None:
        reviewing.show(out, found["request"])
    if check and found["state"] not in ("approved", "published"):
        raise typer.Exit(EXIT_REFUSED)


def work(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """What waits for me, in all projects, the longest waiting first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("me", "work"), at_most=limit))
    out.json({"items": found})
    out.table(
        ("do", "request", "prompt", "tier", "since", "due", "what"),
        (
            (
                item["kind"].replace("_", " "),
                f"{item['project']}#{item['request']}" if item["request"] else item["project"],
                item["path"] + (f"@{item['version']}" if item["version"] else ""),
                item["tier"],
                when(item["since"]),
                when(item["due"]),
                item["what"],
            )
            for item in found
        ),
        "Nothing waits for you.",
    )


def add_to(top: typer.Typer) -> None:
    """Put `work` at the top of the tree."""
    command(top, "work", ["promptops work", "promptops work --json"])(work)
