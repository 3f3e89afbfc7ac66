"""`emergency list|show|ratify|refuse`: releases that waited for no approval. `publish --emergency` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.reviewing import SignStdinOption, post_signed
from promptops.cli.session import api, connect

app = group("Emergency releases. `publish --emergency INCIDENT` makes them.")

_Place = Annotated[
    str, typer.Argument(metavar="PROJECT@ENVIRONMENT", help="Where it was published.")
]
_Release = Annotated[str, typer.Argument(metavar="RELEASE", help="Its release, like r41.")]
_Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why.")]
_COLUMNS = ("RELEASE", "ENVIRONMENT", "STATE", "INCIDENT", "TIER", "WHO", "RATIFY BY", "PROMPTS")


@command(
    app,
    "list",
    [
        "promptops emergency list retail-bank",
        "promptops emergency list retail-bank@production --state open",
    ],
)
def list_(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="PROJECT[@ENVIRONMENT]", help="A project, or one environment.")
    ],
    state: Annotated[
        str | None,
        typer.Option(
            "--state", help="Only these: open, ratified, rolled_back, suspended or replaced."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List emergency releases, the newest first."""
    out = Output(json)
    project, at, _ = given.partition("@")
    environment = addresses.environment(given)[1] if at else None
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("projects", project, "emergencies"),
                at_most=limit,
                environment=environment,
                state=state,
            )
        )
    out.json({"items": found})
    out.table(_COLUMNS, map(_row, found), "There were no emergencies.")


@command(app, "show", ["promptops emergency show retail-bank@production r41"])
def show(ctx: typer.Context, place: _Place, release: _Release, json: JsonOption = False) -> None:
    """Show one emergency release: what it made live, who decided what, what is missing."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(_path(place, release))
    out.json(found)
    _show(out, found)


@command(
    app,
    "ratify",
    ["promptops emergency ratify retail-bank@production r41 --reason 'Right fix, tests passed'"],
)
def ratify(
    ctx: typer.Context,
    place: _Place,
    release: _Release,
    reason: _Reason,
    sign_stdin: SignStdinOption = False,
    json: JsonOption = False,
) -> None:
    """Confirm it: an approver who neither invoked it nor wrote any of it; at high tier two, one with the role risk."""
    out = Output(json)
    with connect(ctx) as server:
        path = _path(place, release) + "/ratify"
        made = post_signed(server, path, {"reason": reason}, sign_stdin)
    out.json(made)
    if made["state"] == "ratified":
        out.line(f"r{made['release']} of {made['environment']} is ratified.")
    else:
        out.line(f"Noted; still missing by {when(made['deadline'])}: {_missing(made)}.")


@command(
    app,
    "refuse",
    ["promptops emergency refuse retail-bank@production r41 --reason 'Makes it worse'"],
)
def refuse(
    ctx: typer.Context, place: _Place, release: _Release, reason: _Reason, json: JsonOption = False
) -> None:
    """Take it back now: each prompt returns to what was live before, or is suspended."""
    out = Output(json)
    with connect(ctx) as server:
        made = server.post(_path(place, release) + "/refuse", {"reason": reason})
    out.json(made)
    by = f" by r{made['ended_release']}" if made["ended_release"] else ""
    state = str(made["state"]).replace("_", " ")
    out.line(f"r{made['release']} of {made['environment']} is {state}{by}.")


def _show(out: Output, found: Mapping[str, Any]) -> None:
    out.fields(
        (
            ("release", f"r{found['release']} of {found['environment']}"),
            ("incident", found["incident"]),
            ("reason", found["reason"]),
            ("state", found["state"]),
            ("tier", found["tier"]),
            ("invoked by", f"{found['invoked_by']}, {when(found['invoked_at'])}"),
            ("ratify by", when(found["deadline"])),
            ("missing", _missing(found)),
            ("taken back by", f"r{found['ended_release']}" if found["ended_release"] else None),
        )
    )
    out.table(
        ("PROMPT", "VERSION", "TIER"),
        ((p["path"], f"@{p['version']}", p["tier"] or "unknown") for p in found["prompts"]),
        "It names no prompts.",
    )
    for decision in found["decisions"]:
        out.line(
            f"{decision['verdict']}: {decision['by']} ({decision['role']}), "
            f"{when(decision['at'])}: {decision['reason']}"
        )


def _row(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        f"r{found['release']}",
        found["environment"],
        found["state"],
        found["incident"],
        found["tier"],
        found["invoked_by"],
        when(found["deadline"]),
        [f"{p['path']}@{p['version']}" for p in found["prompts"][:3]],
    )


def _missing(found: Mapping[str, Any]) -> str | None:
    left = found.get("missing")
    if not left:
        return None
    people = "1 approver" if left["count"] == 1 else f"{left['count']} approvers"
    return people + (", one with the role risk" if left["from_risk"] else "")


def _path(place: str, release: str) -> str:
    project, environment = addresses.environment(place)
    number = str(addresses.release_number(release))
    return api("projects", project, "environments", environment, "emergencies", number)
