"""`rollback`: put back what was live before, of one prompt or of a whole environment."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import addresses, spreading
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output
from promptops.cli.releasing import (
    DryRunOption,
    InOption,
    ReasonOption,
    TicketOption,
    YesOption,
    refuse_unmet,
    show_preview,
    show_release,
)
from promptops.cli.session import api, connect


def add_to(app: typer.Typer) -> None:
    """Put `rollback` at the top of the tree."""
    command(app, "rollback", _EXAMPLES)(rollback)


_EXAMPLES = [
    "promptops rollback retail-bank/claims/triage --in production --reason 'Wrong tone'",
    "promptops rollback retail-bank/claims/triage --in production --to 5 --reason 'Wrong tone'",
    "promptops rollback retail-bank --in production --to r41 --reason 'Incident 7' --wait 90%",
]


def rollback(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="A prompt, or a project for the whole environment."),
    ],
    environment: InOption,
    reason: ReasonOption,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="VERSION|rN",
            help="A version of the prompt (default: what was live before), or a release.",
        ),
    ] = "",
    ticket: TicketOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    wait: spreading.WaitOption = "",
    timeout: spreading.TimeoutOption = spreading.TIMEOUT,
    json: JsonOption = False,
) -> None:
    """Put earlier content back. It was live before, so it needs no new approval."""
    out = Output(json)
    if wait:
        spreading.share(wait)  # refused before anything changes
    address = addresses.place(given)
    body = {**_target(given, to), "reason": reason}
    if ticket:
        body["ticket"] = ticket
    headers: dict[str, str] = {}
    path = api("projects", address.project, "environments", environment, "rollback")
    with connect(ctx) as server:
        if dry_run:
            preview = server.post(path, {**body, "dry_run": True})
            out.json(preview)
            show_preview(out, preview, diffs=True)
            refuse_unmet(preview, environment)
            return
        if not yes and somebody_is_there():
            preview = server.post(path, {**body, "dry_run": True})
            show_preview(Output(False, aside=True), preview, diffs=len(preview["prompts"]) == 1)
            refuse_unmet(preview, environment)
            confirm(f"Roll {address.project}@{environment} back like this?")
            headers["If-Match"] = f'"r{preview["on"]}"'
        release = server.post(path, body, headers=headers)
        show_release(out, release)
        if wait:
            release |= spreading.wait_after(
                server, address.project, release, wait, timeout, quiet=json
            )
    out.json(release)
    if wait:
        spreading.refuse_unless(release["reached"], release["spread"], wait, timeout)
        out.line(spreading.sentence(release["spread"]))


def _target(given: str, to: str) -> dict[str, Any]:
    address = addresses.place(given)
    if address.selector is not None:
        raise BadInput(
            f"{given!r} has a version; say which version to go back to with --to",
            remedy=f"write {address.project}/{address.path} --to {address.selector}",
        )
    if not address.path:
        if not to:
            raise BadInput(
                "rolling back a whole environment needs the release to go back to",
                remedy=f"say --to r41; `promptops releases {address.project} --in …` lists them",
            )
        return {"to_release": addresses.release_number(to)}
    if to.startswith("r"):
        raise BadInput(
            f"--to {to} is a release, and {given!r} is one prompt",
            remedy=f"name a version, or roll back the whole of {address.project}",
        )
    return {"path": address.path, **({"to_version": addresses.version_number(to)} if to else {})}
