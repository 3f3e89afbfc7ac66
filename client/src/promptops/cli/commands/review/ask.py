"""`review request`: ask for a review of versions."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import addresses, reviewing
from promptops.cli.command import command
from promptops.cli.commands.review import app
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect


@command(
    app,
    "request",
    [
        "promptops review request retail-bank/claims/triage -m 'Shorter answers' --ask rita",
        "promptops review request retail-bank/claims/triage@7",
    ],
)
def request(
    ctx: typer.Context,
    given: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="Prompts of one project.")
    ],
    message: Annotated[
        str, typer.Option("--message", "-m", help="What reviewers should know.")
    ] = "",
    ask: Annotated[
        list[str] | None, typer.Option("--ask", help="User name of somebody to ask; repeatable.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Ask for a review. What the record still lacks is named; nothing is asked for then."""
    out = Output(json)
    places = [addresses.prompt(text) for text in given]
    project = addresses.one_project(places)
    made = []
    with connect(ctx) as server:
        for place in places:
            version = place.selector.version if place.selector else None
            if place.selector is not None and version is None:
                raise BadInput(
                    f"{place.project}/{place.path}: a request is about a version",
                    remedy="write @7, or nothing for the newest",
                )
            body = {"path": place.path, "version": version, "message": message, "asked": ask or []}
            made.append(server.post(api("projects", project, "reviews"), body))
    out.json(made[0] if len(made) == 1 else {"items": made})
    for found in made:
        out.line(
            f"Request {project}#{found['request']}: {found['path']}@{found['version']}, tier {found['tier']}, "
            f"waits for {reviewing.waits_for(found)}."
        )
