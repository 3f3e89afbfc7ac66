"""`env list|show|create` and `releases`: what is live where, now and earlier."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.releasing import RELEASE_COLUMNS, InOption, release_row
from promptops.cli.session import Session, api, connect

app = group("Environments: what is live where.")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
_Place = Annotated[
    str,
    typer.Argument(metavar="PROJECT[@ENVIRONMENT]", help="retail-bank@production, or two words."),
]
_Name = Annotated[
    str | None, typer.Argument(metavar="[ENVIRONMENT]", help="Unless it follows the @.")
]


def add_to(root: typer.Typer) -> None:
    """Put `releases` at the top of the tree."""
    command(
        root,
        "releases",
        [
            "promptops releases retail-bank production",
            "promptops releases retail-bank@staging --limit 5 --json",
        ],
    )(releases)


@command(app, "list", ["promptops env list retail-bank"])
def list_(ctx: typer.Context, project: _Project, json: JsonOption = False) -> None:
    """List a project's environments in the order of promotion."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("projects", project, "environments"))["items"]
    out.json({"items": found})
    out.table(
        ("ENVIRONMENT", "RELEASE", "PROMPTS", "APPROVAL"),
        (
            (
                e["name"],
                f"r{e['release']}" if e.get("release") else "",
                e.get("count"),
                "required" if e.get("approval_required") else "",
            )
            for e in found
        ),
        f"{project} has no environments.",
    )


@command(
    app,
    "show",
    [
        "promptops env show retail-bank production",
        "promptops env show retail-bank@production --at 2026-01-31T09:00:00Z",
        "promptops env show retail-bank@production --at r41 --json",
    ],
)
def show(
    ctx: typer.Context,
    given: _Place,
    name: _Name = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME|rN", help="What was live then.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what is live in an environment, or was at a time or release."""
    out = Output(json)
    project, environment = _environment(given, name)
    with connect(ctx) as server:
        found = _whole(server, project, environment, at)
    out.json(found)
    if not json:
        shown = found["at"]
        made = f"release r{shown['release']} of {when(shown['acknowledged_at'])}"
        note(f"{project}@{environment}: {made if shown['release'] else 'nothing released yet'}")
    out.table(
        ("PROMPT", "VERSION", "STATE", "SINCE", "RELEASE", "REASON"),
        (
            (
                p["path"],
                f"@{p['version']}",
                p["state"],
                when(p.get("since")),
                f"r{p['release']}" if p.get("release") else "",
                p.get("reason"),
            )
            for p in found["items"]
        ),
        "Nothing is live there.",
    )


@command(
    app,
    "create",
    [
        "promptops env create retail-bank@canary",
        "promptops env create retail-bank@sandbox --no-approval",
    ],
)
def create(
    ctx: typer.Context,
    given: _Place,
    name: _Name = None,
    approval: Annotated[
        bool,
        typer.Option("--approval/--no-approval", help="Whether the publish gate applies."),
    ] = True,
    json: JsonOption = False,
) -> None:
    """Add an environment to a project."""
    out = Output(json)
    project, environment = _environment(given, name)
    with connect(ctx) as server:
        made = server.post(
            api("projects", project, "environments"),
            {"name": environment, "approval_required": approval},
        )
    out.json(made)
    out.line(f"Environment {project}@{made['name']} is there.")


def releases(
    ctx: typer.Context,
    given: _Place,
    name: _Name = None,
    inside: InOption = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List an environment's releases, newest first."""
    out = Output(json)
    if name and inside:
        raise BadInput(f"the environment is given twice: {name!r} and --in {inside!r}")
    project, environment = _environment(given, name or inside or None)
    path = api("projects", project, "environments", environment, "releases")
    with connect(ctx) as server:
        found = list(server.pages(path, at_most=limit))
    out.json({"items": found})
    out.table(RELEASE_COLUMNS, map(release_row, found), "Nothing has been released there yet.")


def _environment(given: str, name: str | None) -> tuple[str, str]:
    """Project and environment of `retail-bank@production`, or of the two words. Raises BadInput."""
    if name is not None and "@" not in given:
        given = f"{given}@{name}"
    elif name is not None:
        raise BadInput(
            f"{given!r} says the environment already, and {name!r} is another word",
            remedy="write project@environment, or project environment",
        )
    project, at, environment = given.partition("@")
    if not project or not at or not environment or "/" in given or "@" in environment:
        raise BadInput(
            f"{given!r} does not say which environment of which project",
            remedy="write project@environment or project environment: retail-bank@production",
        )
    return project, environment


def _whole(server: Session, project: str, environment: str, at: str | None) -> dict[str, Any]:
    """The environment with all of its prompts, however many pages they are."""
    from promptops.cli.picks import environment_pages

    whole: dict[str, Any] = {}
    items: list[dict[str, Any]] = []
    for page in environment_pages(server, project, environment, at):
        whole = whole or {k: v for k, v in page.items() if k not in ("items", "next")}
        items += page["items"]
    return {**whole, "items": items}
