"""`prompt restore`: an earlier version's content again, or an archived prompt back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.companions import show_named
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import api, connect
from promptops.cli.texts import newest


@command(
    app,
    "restore",
    [
        "promptops prompt restore retail-bank/claims/triage@5 -m 'The old tone again'",
        "promptops prompt restore retail-bank/claims/old-letter",
    ],
)
def restore(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="project/module/prompt@version; an archived prompt may be named without version.",
        ),
    ],
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Make an earlier version's content the next version, byte for byte; brings back an archived prompt."""
    out = Output(json)
    address = addresses.prompt(given)
    selector = address.selector
    if selector is not None and selector.version is None:
        raise BadInput(
            f"{given!r} does not name a version by its number",
            remedy=f"write {address.project}/{address.path}@5",
        )
    with connect(ctx) as server:
        latest = newest(server, address)
        if latest is not None and selector is None:
            raise BadInput(
                f"{address} is not archived, at version {latest}",
                remedy="name the version whose content you want back, like "
                f"{address.project}/{address.path}@{max(latest - 1, 1)}",
            )
        body: dict[str, Any] = {"message": message}
        if selector is not None:
            body["version"] = selector.version
        done = server.post(
            api("projects", address.project, "restore", address.path),
            body,
            headers={"If-Match": f'"v{latest}"'} if latest is not None else {},
        )
    out.json(done)
    name = f"{address.project}/{address.path}"
    if done["version"] == latest:
        out.line(f"{name} has exactly this text already: version {latest}.")
    else:
        now = f"version {done['version']}"
        said = f"back: {now} has" if done["unarchived"] else f"{now} now, with"
        out.line(f"{name} is {said} the text of version {done['restored']}.")
        show_named(out, done["companions"], "suites back")
