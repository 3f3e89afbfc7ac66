"""`review certify|due|keep`: the periodic review of what is live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.reviewing import SignStdinOption, post_signed
from promptops.cli.session import api, connect

_Reason = Annotated[
    str, typer.Option("--reason", "-r", metavar="TEXT", help="What you looked at, and why.")
]
_COLUMNS = ("DUE", "STATE", "PROMPT", "ENVIRONMENT", "TIER", "WHY", "SUSPEND?", "ID")


def add_to(app: typer.Typer) -> None:
    """Put the commands into the group `review`."""
    command(
        app,
        "certify",
        [
            "promptops review certify retail-bank/claims/triage --reason 'Figures of Q3 looked at'",
            "promptops review certify retail-bank/claims/triage@production --as approve --reason 'Still right'",
        ],
    )(certify)
    command(
        app,
        "due",
        ["promptops review due retail-bank", "promptops review due retail-bank --only overdue"],
    )(due)
    command(
        app,
        "keep",
        ["promptops review keep retail-bank ID --reason 'No replacement before the quarter ends'"],
    )(keep)


def certify(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="The prompt; with @environment if it is live in several."
        ),
    ],
    reason: _Reason,
    step: Annotated[
        str | None,
        typer.Option("--as", metavar="STEP", help="review or approve: refused if another is due."),
    ] = None,
    sign_stdin: SignStdinOption = False,
    json: JsonOption = False,
) -> None:
    """Decide anew about what is live, so that it may stay; the last decision moves its date."""
    out = Output(json)
    found = addresses.prompt(address)
    environment = found.selector.environment if found.selector is not None else None
    if found.selector is not None and environment is None:
        raise BadInput(
            f"{address!r} names a version; certified is what is live",
            remedy=f"write {found.project}/{found.path}@production",
        )
    body: dict[str, Any] = {"path": found.path, "reason": reason}
    if environment is not None:
        body["environment"] = environment
    if step is not None:
        body["step"] = step
    with connect(ctx) as server:
        path = api("projects", found.project, "certifications")
        made = post_signed(server, path, body, sign_stdin)
    out.json(made)
    what = f"{found.project}/{made['path']}@{made['version']} in {made['environment']}"
    if made["missing"]:
        out.line(f"Decided; {what} still takes: {', '.join(map(_need, made['missing']))}.")
    else:
        out.line(f"Certified: {what} is due again {when(made['due_at'])}.")


def due(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project.")],
    only: Annotated[
        str | None,
        typer.Option("--only", help="warned (due within 30 days), overdue or suspension."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List the reviews of what is live, the earliest due first."""
    out = Output(json)
    with connect(ctx) as server:
        path = api("projects", project, "certifications")
        found = list(server.pages(path, at_most=limit, due=only))
    out.json({"items": found})
    out.table(_COLUMNS, map(_row, found), "Nothing is due there.")


def keep(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project.")],
    review: Annotated[str, typer.Argument(metavar="ID", help="As `review due` shows it.")],
    reason: _Reason,
    json: JsonOption = False,
) -> None:
    """Answer, for a prompt whose review is overdue, that it is not to be suspended."""
    out = Output(json)
    if "/" in review:
        raise BadInput(f"{review!r} is no review's id")
    with connect(ctx) as server:
        made = server.post(
            api("projects", project, "certifications", review, "keep"), {"reason": reason}
        )
    out.json(made)
    out.line(f"{made['path']} stays live; new versions wait until it is certified.")


def _row(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        when(found["due_at"]),
        found["state"],
        f"{found['path']}@{found['version']}",
        found["environment"],
        found["tier"] or "unknown",
        found["cause"],
        found["suspension"],
        found["id"],
    )


def _need(need: Mapping[str, Any]) -> str:
    words = {"review": "a review", "approve": "an approval"}[need["step"]]
    return words + (" of the control function" if need["from_risk"] else "")
