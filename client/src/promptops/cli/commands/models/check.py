"""`models check`: one real, small call to each target, several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Annotated, Any

import typer

from promptops.cli.command import command
from promptops.cli.commands.models import app
from promptops.cli.commands.models.shown import check_fields
from promptops.cli.failures import BadInput, Refused, ServerProblem
from promptops.cli.output import JsonOption, Output
from promptops.cli.progress import progress
from promptops.cli.session import api, connect

_AT_ONCE = 8


@command(
    app,
    "check",
    [
        "promptops models check gpt-mini claude",
        "promptops models check --all",
        "promptops models check gpt-mini --project retail-bank",
    ],
)
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="The targets' names.")
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every enabled target; with --project, those it may use.")
    ] = False,
    project: Annotated[
        str,
        typer.Option("--project", "-p", help="As somebody who may run tests in this project."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Call targets once and say what answers, how fast, and what is wrong; exit 1 when one is not well.

    Each check is a real call, which may cost a small part of a cent.
    """
    out = Output(json)
    if bool(names) == all_:
        raise BadInput("give names of targets, or --all", remedy="see `promptops models list`")
    wanted = list(dict.fromkeys(names or ())) or _all(ctx, project)
    if not wanted:
        out.json({"items": []})
        out.table((), (), "There are no model targets to check.")
        return
    found = _checked(ctx, wanted, project, quiet=json)
    out.json({"items": [{"name": name, **found[name]} for name in wanted]})
    for at, name in enumerate(wanted):
        if at:
            out.line()
        out.fields(check_fields(name, found[name]))
    unwell = [name for name in wanted if not found[name]["ok"]]
    if unwell:
        raise Refused(f"not well: {', '.join(unwell)}")


def _all(ctx: typer.Context, project: str) -> list[str]:
    path = api("projects", project, "models") if project else api("models")
    with connect(ctx) as server:
        return [item["name"] for item in server.pages(path) if item.get("enabled", True)]


def _checked(
    ctx: typer.Context, names: Sequence[str], project: str, *, quiet: bool
) -> dict[str, dict[str, Any]]:
    body = {"project": project} if project else {}

    def one(name: str) -> dict[str, Any]:
        with connect(ctx) as server:  # a connection is one thread's
            result: dict[str, Any] = server.request(
                "POST", api("models", name, "check"), json=body
            ).value
        return result

    found: dict[str, dict[str, Any]] = {}
    with (
        progress("Checking", len(names), quiet=quiet) as advance,
        ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool,
    ):
        waiting = {pool.submit(one, name): name for name in names}
        try:
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                advance(1)
        except ServerProblem:
            for future in waiting:
                future.cancel()
            raise
    return found
