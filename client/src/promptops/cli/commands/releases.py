"""`releases` and `releases watch`: an environment's releases, and one while it spreads."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import addresses, spreading
from promptops.cli.command import command, group_with_default
from promptops.cli.commands.environment import NameArgument, PlaceArgument, place_of
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output
from promptops.cli.releasing import RELEASE_COLUMNS, InOption, release_row
from promptops.cli.session import api, connect

app = typer.Typer(
    help="Releases of an environment, newest first (`releases PLACE`); watch one while it spreads.",
    cls=group_with_default("list"),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@command(
    app,
    "list",
    [
        "promptops releases retail-bank production",
        "promptops releases list retail-bank@staging --limit 5 --json",
    ],
)
def list_(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    inside: InOption = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List an environment's releases, newest first.

    The word `list` may be left out.
    """
    out = Output(json)
    if name and inside:
        raise BadInput(f"the environment is given twice: {name!r} and --in {inside!r}")
    project, environment = place_of(given, name or inside or None)
    path = api("projects", project, "environments", environment, "releases")
    with connect(ctx) as server:
        found = list(server.pages(path, at_most=limit))
    out.json({"items": found})
    out.table(RELEASE_COLUMNS, map(release_row, found), "Nothing has been released there yet.")


@command(
    app,
    "watch",
    [
        "promptops releases watch retail-bank@production",
        "promptops releases watch retail-bank@production --release r42 --wait 90% --timeout 120",
        "promptops releases watch retail-bank production --json",
    ],
)
def watch(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    release: Annotated[
        str, typer.Option("--release", metavar="rN", help="Which; without it the newest.")
    ] = "",
    wait: spreading.WaitOption = "all",
    timeout: spreading.TimeoutOption = spreading.TIMEOUT,
    json: JsonOption = False,
) -> None:
    """Watch a release reach the processes that follow the environment, until they have it.

    Those that give no sign are shown, and not waited for. Exit 1 when the time is over first.
    """
    out = Output(json)
    project, environment = place_of(given, name)
    wanted = spreading.share(wait)
    number = addresses.release_number(release) if release else None
    with connect(ctx) as server:
        if number is None:
            number = _newest(
                server.get(api("projects", project, "environments", environment), limit=1)
            )
        with spreading.shown(quiet=json) as show:
            spread, reached = spreading.wait_for(
                server, project, environment, number, wanted=wanted, timeout=timeout, show=show
            )
    out.json({**spread, "reached": reached})
    out.line(spreading.sentence(spread))
    spreading.refuse_unless(reached, spread, wait, timeout)


def _newest(environment: dict[str, Any]) -> int:
    number = int(environment["at"]["release"])
    if not number:
        raise Refused("nothing has been released there yet")
    return number
