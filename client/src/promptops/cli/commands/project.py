"""`project create|list|show`."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import command, group
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import api, connect

app = group("Projects: each is a Git repository of prompts.")

_Name = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]


@command(
    app,
    "create",
    ["promptops project create retail-bank --title 'Retail bank' --description 'Claims and cards'"],
)
def create(
    ctx: typer.Context,
    name: _Name,
    title: Annotated[str | None, typer.Option("--title", help="As others read it.")] = None,
    description: Annotated[str | None, typer.Option("--description")] = None,
    json: JsonOption = False,
) -> None:
    """Create a project with the environments staging and production."""
    out = Output(json)
    body = {"name": name, "title": title, "description": description}
    with connect(ctx) as server:
        made = server.post(api("projects"), {k: v for k, v in body.items() if v is not None})
        url = server.target.url
    out.json(made)
    out.line(f"Project {made['name']} is there. Clone it: git clone {url}/git/{made['name']}.git")


@command(app, "list", ["promptops project list", "promptops project list --q bank --json"])
def list_(
    ctx: typer.Context,
    q: Annotated[str | None, typer.Option("--q", help="Only with this in name or title.")] = None,
    json: JsonOption = False,
) -> None:
    """List the projects you may read."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("projects"), q=q))
    out.json({"items": found})
    out.table(
        ("PROJECT", "TITLE", "DESCRIPTION", "CREATED"),
        (
            (p["name"], p.get("title"), p.get("description"), when(p.get("created_at")))
            for p in found
        ),
        "There is no project that you may read.",
    )


@command(app, "show", ["promptops project show retail-bank"])
def show(ctx: typer.Context, name: _Name, json: JsonOption = False) -> None:
    """Show a project and its environments."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("projects", name))
        environments = server.get(api("projects", name, "environments"))["items"]
    out.json({**found, "environments": environments})
    out.fields(
        [
            ("project", found["name"]),
            ("title", found.get("title")),
            ("description", found.get("description")),
            ("created", when(found.get("created_at"))),
            ("git", f"{server.target.url}/git/{found['name']}.git"),
            ("environments", [e["name"] for e in environments]),
        ]
    )
