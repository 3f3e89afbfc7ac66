"""`models catalogue`: what the server knows about models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli.command import command
from promptops.cli.commands.models import app
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect


@command(
    app,
    "catalogue",
    [
        "promptops models catalogue gpt-4o",
        "promptops models catalogue --family claude --provider anthropic",
        "promptops models catalogue --family qwen --provider groq --json",
    ],
)
def catalogue(
    ctx: typer.Context,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="Words of the id, name or provider.")
    ] = "",
    family: Annotated[
        str | None, typer.Option("--family", help="Such as gpt, claude, qwen, llama.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Such as openai, anthropic, groq.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many models.")] = 50,
    json: JsonOption = False,
) -> None:
    """List the models the catalogue knows: sizes, prices for a million tokens, when they retire."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("models", "catalogue"),
                at_most=limit,
                q=query or None,
                family=family,
                provider=provider,
            )
        )
    out.json({"items": found})
    out.table(
        ("ID", "PROVIDER", "FAMILY", "CONTEXT", "INPUT", "OUTPUT", "RETIRES", "REFUSES"),
        (
            (
                item["id"],
                item["provider"],
                item["family"],
                f"{item['context']:,}" if item["context"] else "",
                _rate(item, "input"),
                _rate(item, "output"),
                item["retired_at"],
                item["refused"],
            )
            for item in found
        ),
        "No model fits.",
    )


def _rate(item: Mapping[str, Any], name: str) -> str:
    price = item["price"]
    if price is None:
        return "not known"
    rate = price[name]
    return f"${rate['base']:g}" + ("+" if rate["tiers"] else "")
