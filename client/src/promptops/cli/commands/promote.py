"""`promote`: publish into an environment what is live in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.releasing import (
    DryRunOption,
    ReasonOption,
    TicketOption,
    YesOption,
    refuse_unmet,
    show_preview,
    show_release,
)
from promptops.cli.scheduling import show_added
from promptops.cli.session import api, connect
from promptops.cli.times import AtOption, OnlyIfHeadOption, moment

_FEW = 20


def add_to(app: typer.Typer) -> None:
    """Put `promote` at the top of the tree."""
    command(app, "promote", _EXAMPLES)(promote)


_EXAMPLES = [
    "promptops promote retail-bank --from staging --to production --dry-run",
    "promptops promote retail-bank --to production --reason 'Sprint 12' --ticket OPS-12",
    "promptops promote retail-bank --module claims --to production --reason 'Claims' --at +2h",
    "promptops promote retail-bank/claims/triage --to production --reason 'Only this'",
]


def promote(
    ctx: typer.Context,
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="PROJECT|ADDRESS...", help="A project for everything, or some of its prompts."
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="ENVIRONMENT", help="Where it goes live.")],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ENVIRONMENT",
            help="Where it is live; the one before in the order of promotion if not given.",
        ),
    ] = "",
    module: Annotated[
        str, typer.Option("--module", metavar="MODULE", help="Only what is under this module.")
    ] = "",
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Also take out what is live there and not in the source."),
    ] = False,
    reason: ReasonOption = "",
    ticket: TicketOption = None,
    at: AtOption = "",
    only_if_head: OnlyIfHeadOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Make exactly what is live in one environment live in another, all of it in one release.

    At a terminal it shows what will change and asks. What is suspended there is left out and named.
    """
    out = Output(json)
    if not reason and not dry_run:
        raise BadInput("no reason is given", remedy="say why with --reason 'text'")
    if only_if_head and not at:
        raise BadInput("--only-if-head goes with --at")
    project, body = _body(given, source, module, prune)
    body |= {"reason": reason, **({"ticket": ticket} if ticket else {})}
    if at:
        body["at"] = moment(at)
    path = api("projects", project, "environments", to, "promotions")
    headers: dict[str, str] = {}
    with connect(ctx) as server:
        if dry_run:
            preview = server.post(path, {**body, "dry_run": True})
            out.json(preview)
            show_preview(out, preview, diffs=len(preview["prompts"]) == 1)
            if not json:
                _show_source(preview["promoted_from"], to)
            refuse_unmet(preview, to)
            return
        if not yes and somebody_is_there():
            preview = server.post(path, {**body, "dry_run": True})
            show_preview(Output(False, aside=True), preview, diffs=len(preview["prompts"]) == 1)
            _show_source(preview["promoted_from"], to)
            if not at:  # a schedule may be made before all is met
                refuse_unmet(preview, to)
            then = f" at {body['at']}" if at else ""
            confirm(f"Promote this to {project}@{to}{then}?")
            # What was shown is what is sent: this release of the source, on the release that was shown.
            body |= {
                "from": preview["promoted_from"]["environment"],
                "from_release": preview["promoted_from"]["release"],
            }
            headers["If-Match"] = f'"r{preview["on"]}"'
        if only_if_head:
            body["only_if_head"] = True
        made = server.post(path, body, headers=headers)
    out.json(made)
    if at:
        show_added(out, made)
        return
    show_release(out, made)
    if not json:
        _show_source(made["promoted_from"], to)


def _body(given: list[str], source: str, module: str, prune: bool) -> tuple[str, dict[str, Any]]:
    found = [addresses.place(text) for text in given]
    project = addresses.one_project(found)
    for address in found:
        if address.selector is not None:
            raise BadInput(
                f"{address} names a version; what is live in the source is promoted",
                remedy="leave out what stands behind the @, and say --from ENVIRONMENT",
            )
    paths = [address.path for address in found if address.path]
    if paths and (module or prune):
        raise BadInput("--module and --prune are for everything, and prompts are named")
    body: dict[str, Any] = {"prune": prune, "module": module.strip("/")}
    if source:
        body["from"] = source
    if paths:
        body["prompts"] = paths
    return project, body


def _show_source(promoted: Mapping[str, Any], target: str) -> None:
    note(f"from {promoted['environment']} r{promoted['release']}")
    for item in promoted["left_out"]:
        note(f"left out: {item['path']}@{item['version']} ({item['why']})")
    only = [f"{item['path']}@{item['version']}" for item in promoted["only_here"]]
    if only:
        more = f" and {len(only) - _FEW} more" if len(only) > _FEW else ""
        note(
            f"live in {target} and not in {promoted['environment']}: {', '.join(only[:_FEW])}{more}"
        )
