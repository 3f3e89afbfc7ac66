"""`schedule list|show|cancel|run`: releases that wait for their time."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.releasing import YesOption, show_release
from promptops.cli.scheduling import SCHEDULE_COLUMNS, schedule_row, show_schedule
from promptops.cli.session import api, connect

app = group("Scheduled releases. `publish --at` and `promote --at` make them.")

_Place = Annotated[
    str, typer.Argument(metavar="PROJECT@ENVIRONMENT", help="Where it is to go live.")
]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `schedule list` shows it.")]


@command(
    app,
    "list",
    [
        "promptops schedule list retail-bank",
        "promptops schedule list retail-bank@production --state scheduled --json",
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
            "--state", help="Only these: scheduled, running, done, failed, cancelled or missed."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List scheduled releases, the latest time first; what failed or was missed says why."""
    out = Output(json)
    project, at, environment = given.partition("@")
    path = (
        api("projects", *addresses.environment(given)[:1], "environments", environment, "schedule")
        if at
        else api("projects", project, "schedule")
    )
    with connect(ctx) as server:
        found = list(server.pages(path, at_most=limit, state=state))
    out.json({"items": found})
    out.table(SCHEDULE_COLUMNS, map(schedule_row, found), "Nothing is scheduled there.")


@command(app, "show", ["promptops schedule show retail-bank@production ID"])
def show(ctx: typer.Context, place: _Place, schedule: _Id, json: JsonOption = False) -> None:
    """Show one scheduled release with all its prompts."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(_path(place, schedule))
    out.json(found)
    show_schedule(out, found)


@command(app, "cancel", ["promptops schedule cancel retail-bank@production ID"])
def cancel(
    ctx: typer.Context,
    place: _Place,
    schedule: _Id,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Keep a scheduled release from happening."""
    out = Output(json)
    path = _path(place, schedule)
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            found = server.get(path)
            show_schedule(Output(False, aside=True), found)
            confirm("Cancel this?")
        ended = server.request("DELETE", path, repeat=True).value
    out.json(ended)
    out.line(f"Cancelled: what was to happen at {when(ended['at'])} will not.")


@command(app, "run", ["promptops schedule run retail-bank@production ID"])
def run(
    ctx: typer.Context,
    place: _Place,
    schedule: _Id,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Carry out a scheduled release now, with your own rights; also one that failed or was missed."""
    out = Output(json)
    path = _path(place, schedule)
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            show_schedule(Output(False, aside=True), server.get(path))
            confirm(f"Publish this to {place} now?")
        release = server.post(f"{path}/run", {})
    out.json(release)
    show_release(out, release)


def _path(place: str, schedule: str) -> str:
    project, environment = addresses.environment(place)
    if "/" in schedule:
        raise BadInput(f"{schedule!r} is no schedule's id")
    return api("projects", project, "environments", environment, "schedule", schedule)
