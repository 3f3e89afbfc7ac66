"""`lint`: what can be proven wrong about prompt files, without a server."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import api, connect

if TYPE_CHECKING:
    from promptops.lint import Choice, ListedProject
    from promptops.lint.reports.result import Result


class Format(StrEnum):
    """How the result is written."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"


class Threshold(StrEnum):
    """Which findings make the command fail."""

    warning = "warning"
    error = "error"


def add_to(app: typer.Typer) -> None:
    """Put `lint` at the top of the tree."""
    command(
        app,
        "lint",
        [
            "promptops lint prompts/",
            "promptops lint triage.prompt.yml --ignore unused-input --fail-on error",
            "promptops lint . --format sarif > lint.sarif",
            "promptops lint --explain hidden-characters",
        ],
    )(lint)


def lint(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Prompt files or folders.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How the result is written; markdown for --list.")
    ] = Format.text,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="RULES", help="Only these, separated by commas."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULES", help="All but these.")
    ] = None,
    fail_on: Annotated[
        Threshold, typer.Option("--fail-on", help="From which severity on the exit code is 1.")
    ] = Threshold.warning,
    project: Annotated[
        str,
        typer.Option("--project", "-p", help="Compare fragments with this project's prompts."),
    ] = "",
    explain: Annotated[
        str, typer.Option("--explain", metavar="RULE", help="Explain a rule and stop.")
    ] = "",
    list_rules: Annotated[bool, typer.Option("--list", help="List the rules and stop.")] = False,
    json: JsonOption = False,
) -> None:
    """Check prompt files. Needs no server, except for --project.

    Exit code 0 when nothing was found, 1 for findings at or above --fail-on, 2 for bad input.
    """
    if json:
        form = Format.json
    out = Output(form is Format.json)
    if explain:
        _explain(out, explain)
        return
    if list_rules:
        _list(out, form)
        return
    if form is Format.markdown:
        raise BadInput("findings have no Markdown form", remedy="use it with --list")
    if not paths:
        raise BadInput(
            "no path was given", remedy="write promptops lint . for the folder you are in"
        )
    result = _run(paths, _choice(select, ignore), _listed(ctx, project) if project else None)
    _write(out, form, result)
    errors = result.count("error")
    if errors or (fail_on is Threshold.warning and result.findings):
        raise typer.Exit(1)


def _choice(select: list[str] | None, ignore: list[str] | None) -> Choice:
    from promptops.lint.choice import UnknownRule, choose

    try:
        return choose(_ids(select), _ids(ignore))
    except UnknownRule as error:
        raise BadInput(str(error), remedy="see promptops lint --list") from None


def _ids(given: list[str] | None) -> Iterator[str]:
    return (id.strip() for text in given or () for id in text.split(",") if id.strip())


def _run(paths: list[Path], choice: Choice, project: ListedProject | None) -> Result:
    from promptops.lint import Finding, check
    from promptops.lint.reports.result import Result
    from promptops.lint.walk import targets

    findings: list[Finding] = []
    files = suppressed = 0
    try:
        for target in targets(paths):
            checked = check(_read(target.path), target.name, project or target.project, choice)
            findings += checked.findings
            suppressed += checked.suppressed
            files += 1
    except FileNotFoundError as error:
        raise BadInput(f"there is no {error.args[0]}") from None
    if not files:
        note("No prompt files found: they end with .prompt.yml or .prompt.yaml.")
    return Result(tuple(sorted(findings)), files, suppressed)


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large. Raises BadInput."""
    from promptops.format import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from None


def _listed(ctx: typer.Context, project: str) -> ListedProject:
    from promptops.lint import ListedProject

    with connect(ctx) as server:
        latest = {
            item["path"]: int(item["version"])
            for item in server.pages(api("projects", project, "prompts"), archived="any")
        }
    return ListedProject(f"the project {project}", latest)


def _write(out: Output, form: Format, result: Result) -> None:
    from promptops.lint.reports import github, json, sarif, text

    if form is Format.json:
        out.json(json.document(result))
    elif form is Format.sarif:
        from importlib.metadata import version

        _print(out, sarif.document(result, version("promptops-client")))
    else:
        for line in github.lines(result) if form is Format.github else text.lines(result):
            out.line(line)


def _print(out: Output, document: Mapping[str, Any]) -> None:
    out.exact((json_text.dumps(document, ensure_ascii=False, indent=2) + "\n").encode())


def _explain(out: Output, id: str) -> None:
    from promptops.lint import UnknownRule, all_rules
    from promptops.lint.choice import known
    from promptops.lint.document import explanation

    try:
        known(id)
    except UnknownRule as error:
        raise BadInput(str(error), remedy="see promptops lint --list") from None
    rule = next((rule for rule in all_rules() if rule.id == id), None)
    if rule is None:
        text = f"{id}\nA problem that the parser found; its message says what to do."
        out.json({"rule": id, "documentation": text})
        out.line(text)
        return
    out.json(_described(rule))
    out.line(explanation(rule))


def _list(out: Output, form: Format) -> None:
    from promptops.lint import all_rules
    from promptops.lint.document import page

    if form is Format.markdown:
        out.exact(page().encode())
        return
    if form not in (Format.text, Format.json):
        raise BadInput(f"the list of rules has no {form} form", remedy="use text, json or markdown")
    out.json({"rules": [_described(rule) for rule in all_rules()]})
    rows = ((rule.id, rule.severity, rule.summary) for rule in all_rules())
    out.table(("RULE", "SEVERITY", "FINDS"), rows, "There are no rules.")


def _described(rule: Any) -> dict[str, str]:
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "summary": rule.summary,
        "documentation": rule.documentation,
    }
