"""`access who`: who may do something here, and through which grants."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect

app = group("Who may do what, asked of the policies.")


@command(
    app,
    "who",
    [
        "promptops access who publish --project retail-bank --in production",
        "promptops access who write --project retail-bank --module claims",
        "promptops access who approve --project retail-bank --user anna",
    ],
)
def who(
    ctx: typer.Context,
    action: Annotated[
        str,
        typer.Argument(
            metavar="ACTION", help="publish, rollback, suspend, write, archive, review, approve, …"
        ),
    ],
    project: Annotated[str, typer.Option("--project", "-p", help="The project.")],
    environment: Annotated[
        str, typer.Option("--in", metavar="ENVIRONMENT", help="In which environment.")
    ] = "",
    module: Annotated[str, typer.Option("--module", help="In this folder of the project.")] = "",
    user: Annotated[str, typer.Option("--user", help="Ask about this one, yes or no.")] = "",
    json: JsonOption = False,
) -> None:
    """Show who may do something in a project, and through which grants (for administrators and auditors).

    With --user: whether that account may, by which rule; exit code 1 when not.
    """
    out = Output(json)
    asked: dict[str, Any] = {
        "action": action,
        "project": project,
        "environment": environment or None,
        "module": module or None,
    }
    with connect(ctx) as server:
        if user:
            answer = server.get(api("access", "who"), **asked, user=user)
            _show_one(out, answer["items"][0], answer)
            return
        found = list(server.pages(api("access", "who"), **asked))
    out.json({"items": found})
    out.table(
        ("WHO", "NAME", "KIND", "WHERE", "THROUGH"),
        (
            (
                one["user"],
                one["display_name"],
                one["kind"],
                "everywhere" if one["everywhere"] else "in part",
                _through(one),
            )
            for one in found
        ),
        "Nobody may.",
    )


def _show_one(out: Output, one: dict[str, Any], answer: dict[str, Any]) -> None:
    out.json(answer)
    part = "" if one["everywhere"] or not one["allowed"] else ", in part"
    out.line(f"{'Yes' if one['allowed'] else 'No'}{part}.")
    out.fields(
        [
            ("decided by", one["rule"]),
            ("because", one["reason"]),
            ("what would help", one["remedy"]),
        ]
    )
    if not one["allowed"]:
        raise typer.Exit(1)


def _through(one: dict[str, Any]) -> str:
    if not one["grants"]:
        return "administrator"
    return ", ".join(
        f"{grant['role']} on {grant['project']}"
        + (f"/{grant['module']}" if grant["module"] else "")
        + (f"@{grant['environment']}" if grant["environment"] else "")
        + (" (group)" if grant["from_group"] else "")
        for grant in one["grants"]
    )
