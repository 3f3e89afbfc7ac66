"""`token create|list|revoke`: tokens for programs and for other machines."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import command, group
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.session import api, connect

app = group("Tokens for programs and other machines.")


@command(
    app,
    "create",
    [
        "promptops token create ci --role author --project retail-bank",
        "promptops token create checkout --project retail-bank --environment production",
    ],
)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    role: Annotated[
        str | None, typer.Option("--role", help="Narrow it to one role you hold.")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Narrow it to one project.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", "-e", help="A delivery token: reads what is live there, no more."
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="The service account it belongs to.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="For example 2027-01-31.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a token. Its secret is shown this once."""
    out = Output(json)
    body = {
        "name": name,
        "user": user,
        "role": role,
        "project": project,
        "environment": environment,
        "expires_at": expires,
    }
    with connect(ctx) as server:
        made = server.post(api("tokens"), {k: v for k, v in body.items() if v is not None})
    out.json(made)
    out.line(made["token"])
    if not json:
        note(f"Token {made['name']} ({made['id']}) of {made['user']}. It is not shown again.")


@command(app, "list", ["promptops token list", "promptops token list --all"])
def list_(
    ctx: typer.Context,
    everybody: Annotated[
        bool, typer.Option("--all", help="Of everybody (administrators only).")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List your tokens, without their secrets."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("tokens"), all="true" if everybody else None))
    out.json({"items": found})
    out.table(
        ("ID", "USER", "NAME", "NARROWED TO", "CREATED", "LAST USED", "STATE"),
        (
            (
                item["id"],
                item["user"],
                item["name"],
                [item[k] for k in ("role", "project", "environment") if item.get(k)],
                when(item["created_at"]),
                when(item.get("last_used_at")),
                "revoked"
                if item.get("revoked_at")
                else f"until {when(item['expires_at'])}"
                if item.get("expires_at")
                else "",
            )
            for item in found
        ),
        "You have no tokens.",
    )


@command(app, "revoke", ["promptops token revoke 0198c0de-0000-7000-8000-000000000001"])
def revoke(
    ctx: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="From `promptops token list`.")],
    json: JsonOption = False,
) -> None:
    """End a token at once."""
    out = Output(json)
    with connect(ctx) as server:
        server.request("DELETE", api("tokens", token_id))
    out.json({"id": token_id, "revoked": True})
    out.line(f"Token {token_id} is revoked.")
