"""`import`: a folder, a table, a file of another tool or a Git repository into a project."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.failures import BadInput, Refused
from promptops.cli.git.wish import Wish
from promptops.cli.import_plan import plan_import
from promptops.cli.importing import Sum, read_source, requests
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.progress import progress
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import read_text

if TYPE_CHECKING:
    from promptops.format.convert import Conversion


class OnConflict(StrEnum):
    """What happens to a prompt that exists with another text."""

    version = "version"
    skip = "skip"
    refuse = "refuse"


class Role(StrEnum):
    """Of the message that a row's or file's text becomes."""

    user = "user"
    system = "system"


def add_to(app: typer.Typer) -> None:
    """Put `import` at the top of the tree."""
    command(app, "import", _EXAMPLES)(import_prompts)


_EXAMPLES = [
    "promptops import ./prompts --project retail-bank",
    "promptops import personas.csv -p personas --name-column act --text-column prompt",
    "promptops import letters.csv -p retail-bank --module letters --tag-column kind --dry-run",
    "promptops import ./prompty-files -p retail-bank --format prompty",
    "promptops import --git https://git.example.com/prompts.git -p retail-bank --create --dry-run",
    "promptops import --git ../prompts -p retail-bank --branch release --all",
    "promptops import prompts.tar.gz -p retail-bank --dry-run",
]


def import_prompts(
    ctx: typer.Context,
    project: Annotated[str, typer.Option("--project", "-p", help="Where they go.")],
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help="A folder, a file, a .zip or a .tar.gz."),
    ] = None,
    repository: Annotated[
        str,
        typer.Option("--git", metavar="URL|DIR", help="Instead of PATH: a Git repository."),
    ] = "",
    branch: Annotated[
        str, typer.Option("--branch", help="Of the repository, to become main; else its default.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also the repository's other branches and its tags.")
    ] = False,
    create: Annotated[
        bool, typer.Option("--create", help="With --git: make the project if there is none.")
    ] = False,
    module: Annotated[str, typer.Option("--module", help="Below this module.")] = "",
    name_column: Annotated[str, typer.Option("--name-column", help="The prompts' names.")] = "",
    text_column: Annotated[str, typer.Option("--text-column", help="Their texts.")] = "",
    description_column: Annotated[str, typer.Option("--description-column")] = "",
    tag_column: Annotated[
        list[str] | None, typer.Option("--tag-column", help="Their tags; may be repeated.")
    ] = None,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between columns.")] = "",
    role: Annotated[
        Role | None, typer.Option("--role", help="Of the message a text becomes; else user.")
    ] = None,
    format_name: Annotated[
        str, typer.Option("--format", help="Instead of going by the file's name or content.")
    ] = "",
    on_conflict: Annotated[
        OnConflict,
        typer.Option("--on-conflict", help="If a prompt is there: its next version, skip, refuse."),
    ] = OnConflict.version,
    allow_invalid: Annotated[
        bool,
        typer.Option(
            "--allow-invalid", help="Take invalid files as versions that cannot be released."
        ),
    ] = False,
    message: Annotated[str, typer.Option("--message", "-m", help="Kept with the versions.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would come.")] = False,
    json: JsonOption = False,
) -> None:
    """Import prompts: a folder, a table with one prompt per row, or another tool's files; or, with
    --git, a repository with its whole history.

    Formats: csv, directory, dotprompt, github, langfuse, mlflow, promptfoo, prompty.
    What is renamed or cannot be carried is listed. Exit code 1 when a prompt was refused, or, with
    --dry-run, would be. A repository keeps its commit ids; each first-parent commit that changes a
    prompt gives it a version.
    """
    out = Output(json)
    if addresses.place(project).path:
        raise BadInput(f"{project!r} is no project", remedy="name the module with --module")
    if repository:
        file_options = {
            "a PATH": path,
            "--module": module,
            "--name-column": name_column,
            "--text-column": text_column,
            "--description-column": description_column,
            "--tag-column": tag_column,
            "--delimiter": delimiter,
            "--role": role,
            "--format": format_name,
            "--message": message,
            "--on-conflict": on_conflict is not OnConflict.version,
            "--allow-invalid": allow_invalid,
        }
        _import_git(
            ctx, out, Wish(repository, project, branch, everything, create, dry_run), file_options
        )
        return
    if path is None or branch or everything or create:
        raise BadInput(
            "there is no PATH to import" if path is None else "this is for repositories only",
            remedy="name a folder or file; or a repository with --git, which alone takes --branch, --all and --create",
        )
    source = read_source(
        path,
        format_name,
        {
            "module": module,
            "name_column": name_column,
            "text_column": text_column,
            "description_column": description_column,
            "tags_columns": tag_column,
            "delimiter": "\t" if not delimiter and path.suffix.lower() == ".tsv" else delimiter,
            "role": role.value if role else "",
        },
    )
    if not source.prompts:
        raise BadInput(
            f"{path} holds no prompt that could be imported",
            errors=[{"file": loss.where, "message": loss.reason} for loss in source.losses],
        )
    with connect(ctx) as server:
        options: dict[str, Any] = {
            "on_conflict": on_conflict.value,
            "allow_invalid": allow_invalid,
            **({"message": message} if message else {}),
        }
        if dry_run:
            _show_plan(server, out, project, source, options)
            return
        total = _send(server, project, source, options, quiet=json)
    _report(out, project, source, total)


def _import_git(ctx: typer.Context, out: Output, wish: Wish, file_options: dict[str, Any]) -> None:
    from promptops.cli.git.bring import bring
    from promptops.cli.git.report import report

    given = [name for name, value in file_options.items() if value]
    if given:
        raise BadInput(
            f"--git brings a repository as it is: {given[0]} does not go with it",
            remedy=f"leave {', '.join(given)} away; or check the repository out and import its folder",
        )
    with connect(ctx) as server:
        report(out, bring(server, wish, quiet=out.as_json))


def _send(
    server: Session, project: str, source: Conversion, options: dict[str, Any], *, quiet: bool
) -> Sum:
    total = Sum()
    with progress("Importing", len(source.prompts), quiet=quiet) as advance:
        for batch in requests(source.prompts):
            prompts = [{"path": prompt.name, "content": prompt.text} for prompt in batch]
            total.add(
                server.post(api("projects", project, "imports"), {**options, "prompts": prompts})
            )
            advance(len(batch))
    return total


def _show_plan(
    server: Session, out: Output, project: str, source: Conversion, options: dict[str, Any]
) -> None:
    """Show what would come. Raises Refused when the import would refuse a prompt."""
    there = list(server.pages(api("projects", project, "prompts"), archived="any"))

    def same_text(path: str, text: str) -> bool:
        found = read_text(server, addresses.place(f"{project}/{path}"))
        return found.content == text.encode("utf-8", "surrogatepass")

    plan = plan_import(
        source.prompts,
        there,
        on_conflict=options["on_conflict"],
        allow_invalid=options["allow_invalid"],
        same_text=same_text,
    )
    refused = [item for item in plan if "reason" in item]
    out.json({"dry_run": True, "items": plan, "losses": _losses(source)})
    out.table(
        ("PROMPT", "IS THERE", "NOTES"),
        (
            (
                item["path"],
                f"@{item['exists']}" if item["exists"] else "",
                "would be refused" if "reason" in item else "; ".join(item["notes"]),
            )
            for item in plan
        ),
        "There is nothing to import.",
    )
    if not out.as_json:
        _note_losses(source)
        said = f", {len(refused)} refused" if refused else ""
        note(
            f"{len(plan) - len(refused)} prompts would be imported{said}, "
            f"{len(source.losses)} left behind."
        )
    if refused:
        raise Refused(
            f"{len(refused)} of {len(plan)} prompts would be refused",
            errors=[error for item in refused for error in _errors(item)],
        )


def _report(out: Output, project: str, source: Conversion, total: Sum) -> None:
    out.json(
        {
            "project": project,
            "counts": total.counts(),
            "commits": total.commits,
            "items": total.items,
            "notes": [{"path": p.name, "note": text} for p in source.prompts for text in p.notes],
            "losses": _losses(source),
        }
    )
    if not out.as_json:
        _note_some([f"{p.name}: {text}" for p in source.prompts for text in p.notes])
        _note_some(
            [
                f"{item['path']}: {item.get('reason', '')}"
                for item in total.items
                if item["result"] == "skipped" or (not item.get("valid", True) and item["version"])
            ]
        )
        _note_losses(source)
    counted = ", ".join(f"{number} {result}" for result, number in total.counts().items())
    left = f", {len(source.losses)} left behind" if source.losses else ""
    out.line(f"{project}: {counted}{left}.")
    refused = [item for item in total.items if item["result"] == "refused"]
    if refused:
        raise Refused(
            f"{len(refused)} of {len(total.items)} prompts were refused; the others are imported",
            errors=[error for item in refused for error in _errors(item)],
        )


def _errors(item: dict[str, Any]) -> list[dict[str, Any]]:
    return list(item.get("problems") or ()) or [
        {"file": item["path"], "message": item.get("reason", "")}
    ]


def _losses(source: Conversion) -> list[dict[str, str]]:
    return [{"where": loss.where, "reason": loss.reason} for loss in source.losses]


def _note_losses(source: Conversion) -> None:
    _note_some([f"left behind: {loss}" for loss in source.losses])


def _note_some(lines: list[str]) -> None:
    """At most a screen of them."""
    for line in lines[:_SCREEN]:
        note(line)
    if len(lines) > _SCREEN:
        note(f"… and {len(lines) - _SCREEN} more like these; --json lists all")


_SCREEN = 20
