"""`audit log`: what happened, by whom and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import api, connect

app = group("The audit log.")


@command(
    app,
    "log",
    [
        "promptops audit log --project retail-bank --limit 20",
        "promptops audit log -p retail-bank --action 'release.*' --actor anna",
        "promptops audit log --json > installation.json",
    ],
)
def log(
    ctx: typer.Context,
    project: Annotated[
        str | None,
        typer.Option("--project", "-p", help="Its log; without it, the installation's."),
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only by this user.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="For example prompt.put, or 'release.*'.")
    ] = None,
    about: Annotated[
        str | None, typer.Option("--object", metavar="ADDRESS", help="Only about this.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Show events, newest first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("audit", "events"),
                at_most=limit,
                project=project,
                actor=actor,
                action=action,
                object=about,
            )
        )
    out.json({"items": found})
    out.table(
        ("#", "WHEN", "WHO", "ACTION", "OBJECT", "OUTCOME", "REASON"),
        (
            (
                item["seq"],
                when(item["recorded_at"]),
                item["actor"]["name"],
                item["action"],
                _object(item),
                item["outcome"],
                item.get("reason"),
            )
            for item in found
        ),
        "Nothing is recorded that matches.",
    )


def _object(item: dict[str, Any]) -> str:
    about = item["object"]
    where = f" in {item['environment']}" if item.get("environment") else ""
    version = f"@{about['version']}" if about.get("version") else ""
    return f"{about['id']}{version}{where}"
