"""`matrix`: which prompts work on which model targets, and the run behind each cell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.failures import BadInput, ServerProblem
from promptops.cli.matrix_table import details, summary, table
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import PAGE_SIZE, Session, api, connect

_EXAMPLES = [
    "promptops matrix retail-bank",
    "promptops matrix retail-bank/claims --models gpt-prod,claude-backup --at production",
    "promptops matrix retail-bank/claims/triage",
    "promptops matrix retail-bank --csv > matrix.csv",
    "promptops matrix retail-bank --models gpt-prod --fail-unless works",
]
ORDER = ("fails", "untested", "out_of_date", "needs_tuning", "works")
"""From the least a cell can be to the most."""


class Least(StrEnum):
    """What every cell must be at least."""

    works = "works"
    needs_tuning = "needs-tuning"


def add_to(root: typer.Typer) -> None:
    """Put `matrix` in the tree."""
    command(root, "matrix", _EXAMPLES)(matrix)


def matrix(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT[/MODULE[/PROMPT]]", help="A project, a module in it, or one prompt."
        ),
    ],
    models: Annotated[
        str, typer.Option("--models", "-m", metavar="A,B", help="Only these targets.")
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="ENV", help="What is live in this environment.")
    ] = "",
    q: Annotated[str, typer.Option("--search", "-q", help="Words that must all occur.")] = "",
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="A,B", help="Only prompts with such a cell.")
    ] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Every cell as CSV.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="A summary line and a table, for a page or a merge.")
    ] = False,
    fail_unless: Annotated[
        Least | None,
        typer.Option("--fail-unless", help="Exit 1 when a cell is less than this."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show where prompts work: a verdict for every prompt and model target, with the run behind it.

    Works: every required check passes on every case. Needs tuning: some pass. Fails: none. Untested:
    no call was answered. Out of date: something changed since. Details: `promptops runs show`.
    """
    if as_csv + as_markdown + json > 1:
        raise BadInput("one form at a time", remedy="choose --csv, --markdown or --json")
    place = addresses.place(given)
    if place.selector is not None:
        raise BadInput(f"{given} names a version", remedy="name an environment with --at")
    params: dict[str, Any] = {
        "targets": models or None,
        "at": at or None,
        "q": q or None,
        "verdict": verdict or None,
    }
    out = Output(json)
    with connect(ctx) as server:
        found = _read(server, place.project, place.path or "", params)
        if as_csv or as_markdown:
            if found["prompt"]:
                raise BadInput(f"{given} is one prompt", remedy="name its project or module")
            form = "csv" if as_csv else "markdown"
            answer = server.request(
                "GET",
                api("projects", place.project, "matrix"),
                params={**params, "module": place.path or None, "format": form},
            )
            out.exact(answer.body)
    out.json({key: found[key] for key in ("at", "targets", "items")})
    if not (as_csv or as_markdown or json):
        names = [column["name"] for column in found["targets"]]
        if not names:
            note("No model target may be used by this project: `promptops models add`.")
        elif not found["items"]:
            note("There are no such prompts.")
        else:
            table(out, names, found["items"])
            details(out, found["items"])
            note(summary(found["items"]))
    if fail_unless is not None:
        _fail(found["items"], fail_unless)


def _read(server: Session, project: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
    """The prompt of this path, else all prompts below it; every page."""
    if path and not params["q"]:
        one = {key: params[key] for key in ("targets", "at")}
        try:
            answer = server.get(api("projects", project, "matrix", path), **one)
            return {**answer, "items": [answer["prompt"]], "prompt": path}
        except ServerProblem as problem:
            if problem.status != 404 or "target" in str(problem.document.get("type")):
                raise
    found: dict[str, Any] = {"items": [], "prompt": ""}
    cursor: str | None = None
    while True:
        page = server.get(
            api("projects", project, "matrix"),
            **params,
            module=path or None,
            limit=PAGE_SIZE,
            cursor=cursor,
        )
        found = {**page, "items": [*found["items"], *page["items"]], "prompt": ""}
        cursor = page["next"]
        if not cursor:
            return found


def _fail(items: list[dict[str, Any]], least: Least) -> None:
    wanted = ORDER.index(least.value.replace("-", "_"))
    less = [
        f"{item['path']} on {cell['target']}: {cell['verdict'].replace('_', ' ')}"
        for item in items
        for cell in item["cells"]
        if ORDER.index(cell["verdict"]) < wanted
    ]
    if less:
        more = f" and {len(less) - 10:,} more" if len(less) > 10 else ""
        note(f"Less than {least.value}: {'; '.join(less[:10])}{more}")
        raise typer.Exit(1)
