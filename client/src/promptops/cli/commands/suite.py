"""`suite list|show|put|check`: the cases prompts are tested with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.failures import EXIT_REFUSED, BadInput, Refused, ServerProblem
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import Session, api, connect
from promptops.cli.suites import check_disk, suite_files
from promptops.cli.texts import read_file
from promptops.format.names import Address

app = group("Suites: the cases a prompt is tested with, and what is asked of every answer.")

SuiteArgument = Annotated[
    str, typer.Argument(metavar="SUITE", help="project/module/prompt or …/prompt.name")
]


@command(
    app,
    "list",
    ["promptops suite list retail-bank", "promptops suite list retail-bank/claims/triage --json"],
)
def list_(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="PROJECT|ADDRESS", help="A project, or one prompt.")
    ],
    json: JsonOption = False,
) -> None:
    """List the suites of a project, or those that belong to a prompt, its testData first."""
    out = Output(json)
    place = addresses.place(given)
    with connect(ctx) as server:
        items = list(_pages(server, place))
    out.json({"items": items})
    rows = (
        (
            item["name"],
            "broken" if item["cases"] is None else str(item["cases"]),
            item["prompt"] or "-",
            item["title"],
        )
        for item in items
    )
    out.table(("SUITE", "CASES", "PROMPT", "TITLE"), rows, f"{given} has no suites.")


@command(
    app,
    "show",
    [
        "promptops suite show retail-bank/claims/triage",
        "promptops suite show retail-bank/claims/triage.edge-cases --json",
    ],
)
def show(ctx: typer.Context, given: SuiteArgument, json: JsonOption = False) -> None:
    """Show a suite file as it stands on main."""
    out = Output(json)
    place = _suite(given)
    with connect(ctx) as server:
        told = server.request("GET", _route(place)).value
    out.json(told)
    if not json:
        out.exact(told["text"].encode())
        _notes(told)


@command(
    app,
    "put",
    [
        "promptops suite put triage.suite.yml retail-bank/claims/triage -m 'First cases'",
        "promptops suite put edge.yml retail-bank/claims/triage.edge-cases --replace",
    ],
)
def put(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The suite on disk.")],
    given: SuiteArgument,
    message: MessageOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="There is such a suite; this takes its place.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write a suite with a commit on main. No version of a prompt is made.

    Checked as a run would check it; the cases take effect with the next run.
    """
    out = Output(json)
    place = _suite(given)
    text = read_file(file).decode("utf-8", "surrogateescape")
    with connect(ctx) as server:
        headers: dict[str, str] = {}
        try:
            now = server.request("GET", _route(place))
            if now.value["text"] != text and not replace:
                raise Refused(
                    f"{place} exists and says something else",
                    remedy=f"look at it with promptops suite show {place}, then add --replace",
                )
            headers["If-Match"] = now.headers["etag"]
        except ServerProblem as problem:
            if problem.status != 404:
                raise
        body = {"text": text, "message": message}
        done = server.request("PUT", _route(place), json=body, headers=headers).value
    out.json(done)
    if json:
        return
    if done["commit"] is None:
        out.line(f"{done['file']} says this already.")
    elif not done["exists"]:
        out.line(f"{done['file']} of {done['project']} is removed.")
    else:
        count = done["cases"]
        out.line(f"{done['file']} of {done['project']}: {count} case{'s' * (count != 1)}.")
    _notes(done)


@command(
    app,
    "check",
    [
        "promptops suite check claims/triage.suite.yml",
        "promptops suite check prompts/ --json",
    ],
)
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|DIR...", help="Suite files; prompt files for their testData."),
    ],
    json: JsonOption = False,
) -> None:
    """Check suites on disk, each with the prompt beside it. Needs no server.

    Exit code 1 when one has an error. Patterns, schemas and paths inside evaluators are read by the
    server: suite put and test say what is wrong with them.
    """
    out = Output(json)
    told = [check_disk(file) for file in suite_files(paths)]
    if not told:
        raise BadInput(
            "there is no suite", remedy="suites end with .suite.yml, prompts with .prompt.yml"
        )
    errors = sum(item["errors"] for item in told)
    out.json({"items": told, "errors": errors})
    for item in told:
        for found in item["problems"]:
            mark = "warning: " if found["severity"] == "warning" else ""
            key = f"{found['key']}: " if found["key"] else ""
            fix = f" ({found['fix']})" if found["fix"] else ""
            place = f"{item['file']}:{found['line']}:{found['column']}"
            out.line(f"{place}: {mark}{key}{found['message']}{fix}")
        count = item["cases"]
        state = f"{item['errors']} to correct" if item["errors"] else f"{count} cases"
        state = "1 case" if state == "1 cases" else state
        out.line(f"{item['file']}: {state}", "red" if item["errors"] else "green")
    if errors:
        raise typer.Exit(EXIT_REFUSED)


def _pages(server: Session, place: Address) -> Iterator[dict[str, Any]]:
    """As `Session.pages`, whose first argument has the name of the parameter."""
    params: dict[str, Any] = {"path": place.path or None, "cursor": None}
    while True:
        page = server.request("GET", api("projects", place.project, "suites"), params=params).value
        yield from page["items"]
        if not page["next"]:
            return
        params["cursor"] = page["next"]


def _suite(given: str) -> Address:
    from promptops.format.suite import suite_path_of

    found = addresses.bare_prompt(suite_path_of(given) or given)
    return Address(found.project, found.path)


def _route(place: Address) -> str:
    return api("projects", place.project, "suites", place.path)


def _notes(told: dict[str, Any]) -> None:
    if told["prompt"] is None and told["exists"]:
        note(f"It belongs to no prompt by its name: test with it by --suite {told['name']}.")
    for found in told["problems"]:
        key = f"{found['key']}: " if found["key"] else ""
        note(f"{told['file']}:{found['line']}: {found['severity']}: {key}{found['message']}")
