"""`compare`: two environments beside each other, or an environment and the newest versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli.command import command
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import PAGE_SIZE, Session, api, connect

_EXAMPLES = [
    "promptops compare retail-bank staging production",
    "promptops compare retail-bank production main --module claims",
    "promptops compare retail-bank production@r41 production --json",
    "promptops compare retail-bank staging production --exit-code",
]


def add_to(app: typer.Typer) -> None:
    """Put `compare` at the top of the tree."""
    command(app, "compare", _EXAMPLES)(compare)


def compare(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")],
    start: Annotated[
        str,
        typer.Argument(
            metavar="FROM", help="An environment, environment@r41, environment@TIME, or main."
        ),
    ],
    end: Annotated[str, typer.Argument(metavar="TO", help="Another.")],
    module: Annotated[
        str, typer.Option("--module", "-m", metavar="MODULE", help="Only what is below it.")
    ] = "",
    same: Annotated[
        bool, typer.Option("--same", help="Also the prompts that are the same on both sides.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 when anything differs, as git diff does.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the prompts that differ between two environments.

    `main` stands for the newest versions: from production to main is what publishing everything
    would change there. One prompt in detail: `promptops prompt diff`.
    """
    out = Output(json)
    with connect(ctx) as server:
        path = api("projects", project, "compare")
        given = {"from": start, "to": end, "module": module or None, "same": same or None}
        found = _whole(server, path, given)
    out.json(found)
    out.table(
        ("PROMPT", found["from"]["name"], found["to"]["name"], "CHANGE", "SECTIONS"),
        (
            (i["path"], _stand(i["from"]), _stand(i["to"]), _change(i, found), i["sections"])
            for i in found["items"]
        ),
        "There is no difference.",
    )
    counts = found["counts"]
    differ = sum(counts.values()) - counts["same"]
    if found["items"] and not json:
        note(f"{differ} of {sum(counts.values())} prompts differ.")
    if differ and exit_code:
        raise typer.Exit(1)


def _whole(server: Session, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every page; those after the first are of the releases the first one showed."""
    first: dict[str, Any] = server.get(path, **given, limit=PAGE_SIZE)
    items: list[Any] = first["items"]
    following = first["next"]
    while following:
        page = server.get(path, **given, limit=PAGE_SIZE, cursor=following)
        items += page["items"]
        following = page["next"]
    return {name: first[name] for name in ("from", "to", "counts")} | {"items": items}


def _stand(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return "-"
    return f"@{side['version']}" + ("" if side["state"] == "live" else f" {side['state']}")


def _change(item: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What the change touches; of a prompt on one side alone, on which."""
    kind = str(item["kind"])
    if kind.startswith("only_in_"):
        return f"only in {found[kind.removeprefix('only_in_')]['name']}"
    if kind != "version":
        return kind
    if item["classes"] is None:
        return "not compared"
    return ", ".join(str(name).replace("_", " ") for name in item["classes"]) or "same content"
