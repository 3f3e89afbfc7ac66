"""`test`: run a prompt's cases on models and say what passed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.amounts import millionths
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import Session, connect
from promptops.cli.testing import (
    followed,
    refuse_unless_passed,
    runs,
    show_failures,
    show_run,
    write_reports,
)
from promptops.cli.texts import read_file, read_text
from promptops.format.names import EXTENSIONS, Address
from promptops.money import dollars

_SUITE_ENDINGS = (".suite.yml", ".suite.yaml")

MaxCost = Annotated[
    str | None,
    typer.Option("--max-cost", metavar="DOLLARS", help="Stop before the run costs more."),
]


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    command(
        app,
        "test",
        [
            "promptops test retail-bank/claims/triage --models gpt-5-mini,claude-haiku",
            "promptops test retail-bank/claims/triage@7 --models llama-local --repeat 3 --max-cost 2.00",
            "promptops test triage.prompt.yml --as retail-bank/claims/triage --models llama-local",
            "promptops test retail-bank/claims/triage --models gpt-5-mini --suite claims/hard.suite.yml \\",
            "    --junit report.xml --html report.html",
            "promptops test retail-bank/claims/triage --models gpt-5-mini --dry-run",
            "promptops test retail-bank/claims/triage --resume 12 --max-cost 5.00",
        ],
    )(run_tests)


def run_tests(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="ADDRESS|FILE", help="A version, or a prompt file here.")
    ],
    models: Annotated[
        str, typer.Option("--models", "-m", metavar="A,B,C", help="Names of model targets.")
    ] = "",
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="NAME|FILE",
            help="testData, a suite in the project, or a file here; repeatable. Default: all of the prompt's.",
        ),
    ] = None,
    address: Annotated[
        str, typer.Option("--as", metavar="ADDRESS", help="The prompt that a file here belongs to.")
    ] = "",
    repeat: Annotated[int, typer.Option("--repeat", min=1, help="Calls of each case.")] = 1,
    max_cost: MaxCost = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Use no stored answer again: call everything.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report for people.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be called and may cost.")
    ] = False,
    resume: Annotated[
        int | None, typer.Option("--resume", metavar="N", help="Carry on with run N.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start the run and do not wait for it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Test a prompt on models: every case of its suites on each, scored by its checks.

    Exit code 0: every required check passed; 1: some did not, a call gave no answer, or the run stopped.
    """
    out = Output(json)
    limit = None if max_cost is None else millionths(max_cost)
    place, file = _place(given, address)
    targets = [name.strip() for name in models.split(",") if name.strip()]
    if not targets and resume is None:
        raise BadInput(
            "say on which models to test: --models a,b",
            remedy=f"`promptops models list --project {place.project}` shows them",
        )
    with connect(ctx) as server:
        if resume is not None:
            body = {} if limit is None else {"max_cost": limit}
            run = server.post(runs(place.project, resume, "resume"), body)
        else:
            asked = _body(server, place, file, suite) | {
                "targets": targets,
                "repeat": repeat,
                "max_cost": limit,
                "fresh": fresh,
                "dry_run": dry_run,
            }
            run = server.post(runs(place.project), asked)
        if dry_run and resume is None:
            _show_plan(out, run)
            return
        finish(out, server, place.project, run, junit=junit, html=html, detach=detach)


def finish(
    out: Output,
    server: Session,
    project: str,
    run: Any,
    *,
    junit: Path | None = None,
    html: Path | None = None,
    detach: bool = False,
) -> None:
    """Wait for a run, show it, write its reports. Raises Refused unless all passed."""
    if detach:
        out.json(run)
        out.line(f"run {run['number']} is under way: promptops runs show {project} {run['number']}")
        return
    ended = followed(server, project, run, quiet=out.as_json)
    out.json(ended)
    show_run(out, ended)
    show_failures(out, server, project, ended)
    write_reports(server, project, ended["number"], junit, html)
    refuse_unless_passed(project, ended)


def _place(given: str, address: str) -> tuple[Address, Path | None]:
    if not given.endswith(EXTENSIONS):
        if address:
            raise BadInput("--as is for a file here", remedy="leave it away")
        return addresses.prompt(given), None
    if not address:
        raise BadInput(
            "a file is tested as a prompt of a project",
            remedy=f"promptops test {given} --as PROJECT/MODULE/PROMPT …",
        )
    return addresses.bare_prompt(address), Path(given)


def _body(
    server: Session, place: Address, file: Path | None, suites: list[str] | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"path": place.path}
    if file is not None:
        body["content"] = _text(file)
    elif place.selector is not None:
        number = place.selector.number
        body["version"] = number if number is not None else read_text(server, place).number
    files = [Path(s) for s in suites or () if s.endswith(_SUITE_ENDINGS) and Path(s).is_file()]
    names = [s for s in suites or () if Path(s) not in files]
    if suites and names:
        body["suites"] = names
    if files:
        body["suite_texts"] = [{"name": f.name, "content": _text(f)} for f in files]
    return body


def _text(file: Path) -> str:
    try:
        return read_file(file).decode()
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not UTF-8", remedy="save it as UTF-8") from None


def _show_plan(out: Output, plan: Any) -> None:
    out.json(plan)
    suites = ", ".join(f"{suite['name']} ({suite['cases']} cases)" for suite in plan["suites"])
    out.line(f"{plan['calls']:,} calls: {suites}")
    out.table(
        ("TARGET", "CALLS", "COSTS AT MOST"),
        [(each["name"], each["calls"], dollars(each["most"])) for each in plan["targets"]],
        "",
    )
    for case in plan["unrenderable"]:
        out.line(f"{case['target']}: {case['suite']}: {case['message']}", "red")
    if not out.as_json:
        note("nothing was called.")
