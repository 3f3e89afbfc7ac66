"""`runs list|show|cancel|resume`: test runs of a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.amounts import millionths
from promptops.cli.command import command, group
from promptops.cli.commands.test import MaxCost, finish
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.session import connect
from promptops.cli.testing import (
    cost_of,
    reasons_of,
    runs,
    show_failures,
    show_run,
    write_reports,
)
from promptops.money import dollars

app = group("Test runs: what was tested on which models, and what came of it.")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
_Number = Annotated[int, typer.Argument(metavar="N", help="The run's number.")]


@command(
    app,
    "list",
    [
        "promptops runs list retail-bank",
        "promptops runs list retail-bank --path claims/triage --state stopped",
    ],
)
def list_(
    ctx: typer.Context,
    project: _Project,
    path: Annotated[
        str | None, typer.Option("--path", metavar="PATH", help="Only of this prompt.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="waiting, running, done, cancelled, stopped or failed."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    json: JsonOption = False,
) -> None:
    """List runs, newest first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(runs(project), at_most=limit, path=path, state=state))
    out.json(found)
    out.table(
        ("RUN", "PROMPT", "STATE", "PASSED", "CALLS", "COST", "TARGETS", "BY", "AT"),
        (
            (
                run["number"],
                run["path"] + (f"@{run['version']}" if run["version"] else ""),
                run["state"],
                run["passed"],
                f"{run['ended']}/{run['calls']}",
                cost_of(run),
                _targets([target["name"] for target in run["targets"]]),
                run["created_by"],
                when(run["created_at"]),
            )
            for run in found
        ),
        "There are no runs.",
    )


@command(
    app,
    "show",
    [
        "promptops runs show retail-bank 12",
        "promptops runs show retail-bank 12 --failed",
        "promptops runs show retail-bank 12 --result 3 --json",
        "promptops runs show retail-bank 12 --html report.html",
    ],
)
def show(
    ctx: typer.Context,
    project: _Project,
    number: _Number,
    failed: Annotated[
        bool, typer.Option("--failed", help="List every call that did not pass.")
    ] = False,
    result: Annotated[
        int | None,
        typer.Option("--result", metavar="K", help="One call with its request and reply."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report for people.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show a run: how it ended, what each target passed, and what did not pass."""
    out = Output(json)
    with connect(ctx) as server:
        if result is not None:
            one = server.get(runs(project, number, "results", result))
            out.json(one)
            reply = one["reply"] or {}
            out.fields(
                [
                    ("call", f"{one['target']}: {one['suite']} / {one['case']}"),
                    ("state", one["state"]),
                    ("passed", one["passed"]),
                    ("why", "\n".join(reasons_of(one))),
                    ("model", one["model"]),
                    ("tokens", _tokens(one)),
                    ("cost", _cost(one)),
                    ("latency", _milliseconds(one["latency_ms"])),
                    ("answer", reply.get("text")),
                ]
            )
            if one["request"] is None and not json:
                note("its texts are not kept any more")
            return
        found = server.get(runs(project, number))
        if failed:
            some = [r for r in server.pages(runs(project, number, "results")) if reasons_of(r)]
            out.json({**found, "failed": some})
            out.table(
                ("CALL", "TARGET", "SUITE", "CASE", "WHY"),
                (
                    (r["ordinal"], r["target"], r["suite"], r["case"], "; ".join(reasons_of(r)))
                    for r in some
                ),
                "Every call passed.",
            )
        else:
            out.json(found)
            show_run(out, found)
            show_failures(out, server, project, found)
        write_reports(server, project, number, junit, html)


def _targets(names: list[str]) -> str:
    """Two at most: a line of the table stays a line."""
    more = len(names) - 2
    return ", ".join(names[:2]) + (f" and {more} more" if more > 0 else "")


def _tokens(one: Mapping[str, Any]) -> str | None:
    counts = (one["input_tokens"], one["output_tokens"])
    if one["state"] != "done":
        return None
    if counts == (None, None):
        return "not reported"
    read, written = ("?" if count is None else f"{count:,}" for count in counts)
    return f"{read} in, {written} out"


def _cost(one: Mapping[str, Any]) -> str | None:
    """None where nothing was called."""
    if one.get("cost_estimated"):
        return f"{dollars(one['cost'])}: the most it can be, the endpoint may have charged for it"
    return dollars(one["cost"]) if one["state"] == "done" else None


def _milliseconds(latency: float | None) -> str | None:
    return None if latency is None else f"{latency:,.0f} ms"


@command(app, "cancel", ["promptops runs cancel retail-bank 12"])
def cancel(
    ctx: typer.Context, project: _Project, number: _Number, json: JsonOption = False
) -> None:
    """Send nothing more. Calls in flight are stored, since they are paid for."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.post(runs(project, number, "cancel"), {})
    out.json(found)
    out.line(f"run {number} is cancelled after the calls in flight.")


@command(
    app,
    "resume",
    [
        "promptops runs resume retail-bank 12",
        "promptops runs resume retail-bank 12 --max-cost 5.00",
    ],
)
def resume(
    ctx: typer.Context,
    project: _Project,
    number: _Number,
    max_cost: MaxCost = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start it and do not wait for it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Carry on with a run that ended early: only calls without an answer are made."""
    out = Output(json)
    limit = None if max_cost is None else millionths(max_cost)
    with connect(ctx) as server:
        body = {} if limit is None else {"max_cost": limit}
        run = server.post(runs(project, number, "resume"), body)
        finish(out, server, project, run, detach=detach)
