"""`exception request|accept|revoke|list|show`: a rule set aside for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import api, connect

app = group(
    "Exceptions: a rule set aside in a scope, with a compensating control, for at most 90 days."
)

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="As `exception list` shows it: E3.")]
_Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why.")]
_COLUMNS = ("ID", "STATE", "RULE", "SCOPE", "ENVIRONMENT", "UNTIL", "ASKED BY", "ACCEPTED BY")


@command(
    app,
    "request",
    [
        "promptops exception request retail-bank/claims/ --rule record.harms_benefits --days 30 "
        "--reason 'The fairness run waits for data of March' "
        "--control 'Every answer is read by a person before it is sent'",
    ],
)
def request(
    ctx: typer.Context,
    scope: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="A prompt; a module or a whole project with a slash behind it.",
        ),
    ],
    rule: Annotated[
        str, typer.Option("--rule", help="The rule, as the refusal of the gate names it.")
    ],
    reason: _Reason,
    control: Annotated[
        str, typer.Option("--control", metavar="TEXT", help="What makes up for it.")
    ],
    days: Annotated[
        int, typer.Option("--days", min=1, max=90, help="How long it holds, from now.")
    ] = 90,
    environment: Annotated[
        str | None,
        typer.Option("--in", "-e", metavar="ENVIRONMENT", help="Only for this environment."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Ask for an exception. It sets nothing aside before somebody with the role risk accepts it."""
    out = Output(json)
    project, path = addresses.prompt_or_module(scope)
    body: dict[str, Any] = {
        "rule": rule,
        "scope": "" if path == "/" else path,
        "reason": reason,
        "control": control,
        "days": days,
    }
    if environment:
        body["environment"] = environment
    with connect(ctx) as server:
        made = server.post(api("projects", project, "exceptions"), body)
    out.json(made)
    out.line(f"Exception {made['id']} is requested; it would end {when(made['expires_at'])}.")


@command(app, "accept", ["promptops exception accept retail-bank E3 --reason 'Small exposure'"])
def accept(
    ctx: typer.Context, project: _Project, exception: _Id, reason: _Reason, json: JsonOption = False
) -> None:
    """Accept an exception: the role risk, and nobody who asked for it or wrote in its scope."""
    out = Output(json)
    with connect(ctx) as server:
        made = server.post(_path(project, exception, "accept"), {"reason": reason})
    out.json(made)
    out.line(f"Exception {made['id']} is in force until {when(made['expires_at'])}.")


@command(app, "revoke", ["promptops exception revoke retail-bank E3 --reason 'The run is done'"])
def revoke(
    ctx: typer.Context, project: _Project, exception: _Id, reason: _Reason, json: JsonOption = False
) -> None:
    """End an exception early, or withdraw a request."""
    out = Output(json)
    with connect(ctx) as server:
        made = server.post(_path(project, exception, "revoke"), {"reason": reason})
    out.json(made)
    out.line(f"Exception {made['id']} is revoked: the rule {made['rule']} holds again.")


@command(
    app,
    "list",
    [
        "promptops exception list retail-bank",
        "promptops exception list retail-bank --state expired",
    ],
)
def list_(
    ctx: typer.Context,
    project: _Project,
    state: Annotated[
        str | None,
        typer.Option("--state", help="Only these: requested, accepted, expired or revoked."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List exceptions, the newest first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(
            server.pages(api("projects", project, "exceptions"), at_most=limit, state=state)
        )
    out.json({"items": found})
    out.table(_COLUMNS, map(_row, found), "There are no exceptions.")


@command(app, "show", ["promptops exception show retail-bank E3"])
def show(ctx: typer.Context, project: _Project, exception: _Id, json: JsonOption = False) -> None:
    """Show one exception."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(_path(project, exception))
    out.json(found)
    out.fields(
        (
            ("id", found["id"]),
            ("state", found["state"]),
            ("rule", found["rule"]),
            ("scope", found["scope"] or "the whole project"),
            ("environment", found["environment"]),
            ("reason", found["reason"]),
            ("control", found["control"]),
            ("asked by", _by(found, "requested")),
            ("accepted by", _by(found, "accepted")),
            ("revoked by", _by(found, "revoked")),
            ("until", when(found["expires_at"])),
        )
    )


def _row(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        found["id"],
        found["state"],
        found["rule"],
        found["scope"] or "/",
        found["environment"],
        when(found["expires_at"]),
        found["requested_by"],
        found["accepted_by"],
    )


def _by(found: Mapping[str, Any], verb: str) -> str | None:
    if not found[f"{verb}_by"]:
        return None
    why = found.get(f"{verb}_reason")
    return f"{found[f'{verb}_by']}, {when(found[f'{verb}_at'])}" + (f": {why}" if why else "")


def _path(project: str, exception: str, *more: str) -> str:
    if "/" in project or "@" in project:
        raise BadInput(f"{project!r} is no project's name")
    if "/" in exception:
        raise BadInput(f"{exception!r} is no exception's id", remedy="write it like E3")
    return api("projects", project, "exceptions", exception, *more)
