"""A test run as the command line follows and shows it: progress, end, what did not pass, reports.

Owns waiting for a run and the words about it; starting one is `commands.test`, lists are `commands.runs`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptops.cli.failures import BadInput, Refused, ServerProblem, Unreachable
from promptops.cli.output import Output, coloured, is_terminal, note, visible, when
from promptops.cli.session import Session, api
from promptops.money import dollars

WAIT_SECONDS = 25
"""How long one question about a run may stay open."""
SHOWN = 40
"""Calls that did not pass, told one by one."""
COUNTED = ("passed", "failed", "unchecked", "errors", "skipped")
_UNDER_WAY = ("waiting", "running")

Show = Callable[[Mapping[str, Any]], None]


def runs(project: str, *more: str | int) -> str:
    """A route of a project's runs."""
    return api("projects", project, "runs", *(str(part) for part in more))


def is_over(run: Mapping[str, Any]) -> bool:
    """Whether nothing will happen any more by itself."""
    return run["state"] not in _UNDER_WAY


def followed(server: Session, project: str, run: Mapping[str, Any], *, quiet: bool) -> Any:
    """Wait for the run's end, showing how far it is. Ctrl-C cancels the run and says how to go on.

    Raises ServerProblem, Unreachable; KeyboardInterrupt after the run was asked to end.
    """
    shown: Any = run
    route = runs(project, run["number"])
    try:
        with _progress(run, quiet=quiet) as show:
            while not is_over(shown):
                shown = server.get(route, wait=WAIT_SECONDS, seen=shown["revision"])
                show(shown)
    except Unreachable:
        note(f"run {run['number']} is the server's: it goes on when the server does.")
        note(f"to see it: promptops runs show {project} {run['number']}")
        raise
    except KeyboardInterrupt:
        _cancelled(server, project, run)
        raise
    return shown


def show_run(out: Output, run: Mapping[str, Any]) -> None:
    """A run with a line per target."""
    version = f"@{run['version']}" if run["version"] else ", a text that is no version"
    limit = f" of at most {dollars(run['max_cost'])}" if run["max_cost"] is not None else ""
    out.fields(
        [
            ("run", f"{run['number']} ({run['state']})"),
            ("prompt", f"{run['project']}/{run['path']}{version}"),
            ("suites", [f"{suite['name']} ({suite['cases']})" for suite in run["suites"]]),
            ("calls", f"{run['ended']:,} of {run['calls']:,}"),
            ("cost", f"{cost_of(run)}{limit}"),
            ("problem", run["problem"]),
            ("started by", f"{run['created_by']}, {when(run['created_at'])}"),
        ]
    )
    out.line()
    out.table(
        ("TARGET", "RESULT", *(name.upper() for name in COUNTED), "STORED", "COST"),
        (_row(target) for target in run["targets"]),
        "",
    )


def show_failures(out: Output, server: Session, project: str, run: Mapping[str, Any]) -> None:
    """Each call that did not pass, with the checks by name."""
    if out.as_json or all(t["passed"] == t["calls"] for t in run["targets"]):
        return
    told = 0
    for result in server.pages(runs(project, run["number"], "results")):
        reasons = reasons_of(result)
        if not reasons:
            continue
        told += 1
        if told > SHOWN:
            out.line(f"… and more: promptops runs show {project} {run['number']} --failed")
            return
        repeat = f", repeat {result['repeat'] + 1}" if run["repeat"] > 1 else ""
        out.line(f"{result['target']}: {result['suite']} / {result['case']}{repeat}", "red")
        for reason in reasons:
            out.line(f"    {reason}")


def reasons_of(result: Mapping[str, Any]) -> list[str]:
    """Why a result did not pass; empty where it did, or was not called yet."""
    if result["state"] in ("error", "skipped"):
        return [f"{result['fault']}: {result['detail'] or ''}".rstrip(": ")]
    if result["state"] == "done" and result["passed"] is None:
        return ["unchecked: no required check looks at the answer"]
    return [
        f"{score['check']}: {score['detail'] or 'not passed'}"
        for score in result["scores"]
        if score["required"] and score["passed"] is not True
    ]


def write_reports(
    server: Session, project: str, number: int, junit: Path | None, html: Path | None
) -> None:
    """Write the files asked for. Raises BadInput where that is not possible."""
    for name, file in (("junit", junit), ("html", html)):
        if file is None:
            continue
        body = server.request("GET", runs(project, number, "report"), params={"format": name}).body
        try:
            file.write_bytes(body)
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}") from None


def refuse_unless_passed(project: str, run: Mapping[str, Any]) -> None:
    """Exit 1 unless every required check of every call passed. Raises Refused."""
    number = run["number"]
    again = f"promptops runs resume {project} {number}"
    if run["state"] == "cancelled":
        raise Refused(f"run {number} was cancelled", remedy=again)
    if run["state"] != "done":
        raise Refused(
            f"run {number} {run['state']}: {run['problem'] or ''}".rstrip(": "), remedy=again
        )
    failed = sum(target["failed"] for target in run["targets"])
    errors = sum(target["errors"] + target["skipped"] for target in run["targets"])
    unchecked = sum(target["unchecked"] for target in run["targets"])
    if failed or errors or unchecked:
        parts = [f"{failed:,} of {run['calls']:,} calls did not pass"] if failed else []
        parts += [f"{errors:,} gave no answer"] if errors else []
        parts += [f"no required check looks at {unchecked:,} answers"] if unchecked else []
        raise Refused(" and ".join(parts))


def cost_of(run: Mapping[str, Any]) -> str:
    """What a run or one of its targets cost; `+` where the cost of some calls is not known."""
    return dollars(run["cost"]) + ("+" if run["cost"] and run["unpriced"] else "")


def _row(target: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        target["name"],
        _result(target),
        *(target[name] for name in (*COUNTED, "reused")),
        cost_of(target),
    )


def _result(target: Mapping[str, Any]) -> str:
    if target["passed"] == target["calls"]:
        return "passed"
    if target["failed"] or target["errors"]:
        return "failed"
    if target["unchecked"]:
        return "unchecked"
    return "not called" if target["skipped"] else "not finished"


def _cancelled(server: Session, project: str, run: Mapping[str, Any]) -> None:
    number = run["number"]
    try:
        server.post(runs(project, number, "cancel"), {})
    except ServerProblem as problem:
        if problem.slug_received != "run-over":
            note(f"run {number} could not be cancelled: {problem.detail}")
        return
    note(f"run {number} is cancelled; calls in flight are still stored.")
    note(f"to go on without paying twice: promptops runs resume {project} {number}")


@contextmanager
def _progress(run: Mapping[str, Any], *, quiet: bool) -> Iterator[Show]:
    if quiet or not is_terminal(sys.stderr):
        yield lambda _run: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=sys.stderr, no_color=not coloured(sys.stderr))
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks = {
            target["name"]: bar.add_task(visible(target["name"]), total=target["calls"], said="")
            for target in run["targets"]
        }
        whole = bar.add_task("all", total=run["calls"], said="")

        def show(now: Mapping[str, Any]) -> None:
            for target in now["targets"]:
                ended = sum(target[n] for n in COUNTED)
                said = (
                    f"{target['passed']:,} passed, {target['failed']:,} failed, "
                    f"{target['errors']:,} errors, {cost_of(target)}"
                )
                bar.update(tasks[target["name"]], completed=ended, said=said)
            bar.update(whole, completed=now["ended"], said=cost_of(now))

        show(run)
        yield show
