"""`view save|list|show|remove`: named lists of prompts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import finding
from promptops.cli.addresses import place
from promptops.cli.command import command, group
from promptops.cli.failures import ServerProblem
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import Session, api, connect
from promptops.format.names import Address

app = group("Saved lists of prompts: filters, words, order and columns under a name.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The view's name.")]
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project it is in.")]
SavedPlace = Annotated[
    str, typer.Argument(metavar="PROJECT[/MODULE]", help="A project, or a module in it.")
]


@command(
    app,
    "save",
    [
        "promptops view save retail-bank letters --tag letters --environment production",
        "promptops view save retail-bank/claims stale --state behind --sort changed --shared",
        "promptops view save retail-bank mine --owner anna@bank.example --columns path,model,live",
    ],
)
def save(
    ctx: typer.Context,
    given: SavedPlace,
    name: Name,
    q: finding.Words = None,
    environment: finding.Environment = None,
    state: finding.StateOption = None,
    model: finding.Model = None,
    tag: finding.Tags = None,
    owner: finding.Owner = None,
    changed_since: finding.Since = None,
    archived: finding.Archived = False,
    invalid: finding.Invalid = False,
    sort: finding.SortOption = None,
    columns: Annotated[
        str | None, typer.Option("--columns", help="Names of columns, a comma between them.")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="For everybody who may read the project.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Save a view, or replace the one of that name that you made."""
    out = Output(json)
    address = place(given)
    query = finding.query_of(
        module=address.path,
        q=q,
        environment=environment,
        state=state,
        model=model,
        tag=tag,
        owner=owner,
        changed_since=changed_since,
        archived=archived,
        invalid=invalid,
        sort=sort,
    )
    body = {
        "name": name,
        "shared": shared,
        "query": query,
        "columns": finding.columns_of(columns),
    }
    with connect(ctx) as server:
        saved = _save(server, address, body)
    out.json(saved)
    whom = "for everybody who may read the project" if saved["shared"] else "for you alone"
    out.line(f"View {saved['name']} is saved, {whom}: {finding.in_words(saved['query'])}.")
    out.line(f"  promptops prompt list {address.project} --view {saved['name']}")


def _save(server: Session, address: Address, body: dict[str, Any]) -> Any:
    path = api("projects", address.project, "views")
    try:
        return server.post(path, body)
    except ServerProblem as problem:
        taken = problem.document.get("current")
        if problem.status != 409 or not isinstance(taken, dict) or "id" not in taken:
            raise
        return server.request("PUT", f"{path}/{taken['id']}", json=body).value


@command(app, "list", ["promptops view list retail-bank", "promptops view list retail-bank --json"])
def list_(ctx: typer.Context, project: Project, json: JsonOption = False) -> None:
    """List your own views and the shared ones."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("projects", project, "views")))
    out.json({"items": found})
    out.table(
        ("NAME", "FOR", "MADE BY", "SHOWS", "CHANGED"),
        (
            (
                v["name"],
                "everybody" if v["shared"] else "you",
                v["maker"],
                finding.in_words(v["query"]),
                when(v["updated_at"]),
            )
            for v in found
        ),
        f"There is no view yet. To make one: promptops view save {project} NAME --tag letters",
    )


@command(app, "show", ["promptops view show retail-bank letters"])
def show(ctx: typer.Context, project: Project, name: Name, json: JsonOption = False) -> None:
    """Show what a view keeps."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("projects", project, "views", name))
    out.json(found)
    out.fields(
        (
            ("name", found["name"]),
            ("for", "everybody" if found["shared"] else "you"),
            ("made by", found["maker"]),
            *((key.replace("_", " "), value) for key, value in found["query"].items()),
            ("columns", found["columns"]),
            ("changed", when(found["updated_at"])),
        )
    )


@command(app, "remove", ["promptops view remove retail-bank letters"])
def remove(ctx: typer.Context, project: Project, name: Name, json: JsonOption = False) -> None:
    """Remove a view. The prompts it shows stay as they are."""
    out = Output(json)
    with connect(ctx) as server:
        server.request("DELETE", api("projects", project, "views", name))
    out.json({"removed": name})
    out.line(f"View {name} is removed.")
