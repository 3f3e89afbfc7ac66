"""`publish`: make versions live in an environment."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import spreading
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, warn
from promptops.cli.picks import Picks, expand
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
from promptops.cli.session import Session, api, connect
from promptops.cli.times import AtOption, OnlyIfHeadOption, moment


def add_to(app: typer.Typer) -> None:
    """Put `publish` at the top of the tree."""
    command(app, "publish", _EXAMPLES)(publish)


_EXAMPLES = [
    "promptops publish retail-bank/claims/triage@7 --to staging --reason 'Shorter answers'",
    "promptops publish retail-bank/claims --to staging --reason 'All of claims' --dry-run",
    "promptops publish retail-bank/claims/triage --to production --reason 'Go' --wait all --timeout 60",
    "promptops publish retail-bank/claims/triage --to production --reason 'Go' --at 2026-12-01T09:00+08:00",
    "promptops publish retail-bank/claims/triage@8 --to production --emergency INC-123 --reason 'Claims are stuck'",
]


def publish(
    ctx: typer.Context,
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS...",
            help="Prompts, modules or projects; @version, or @environment for what is live there.",
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="ENVIRONMENT", help="Where it goes live.")],
    reason: ReasonOption = "",
    ticket: TicketOption = None,
    at: AtOption = "",
    only_if_head: OnlyIfHeadOption = False,
    emergency: Annotated[
        str,
        typer.Option(
            "--emergency",
            metavar="INCIDENT",
            help="Break the glass: wait for no approval. Others ratify it within 72 hours, or it goes back.",
        ),
    ] = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    wait: spreading.WaitOption = "",
    timeout: spreading.TimeoutOption = spreading.TIMEOUT,
    json: JsonOption = False,
) -> None:
    """Make versions live, all of them in one release.

    At a terminal it shows what will change and asks. A prompt without a version means its newest
    one; a module or project means the newest of everything under it. With --at these versions wait
    for their time, and are judged again then.
    """
    out = Output(json)
    if not reason and not dry_run:
        raise BadInput("no reason is given", remedy="say why with --reason 'text'")
    if only_if_head and not at:
        raise BadInput("--only-if-head goes with --at")
    if wait:
        spreading.share(wait)  # refused before anything is published
        if at:
            raise BadInput("--wait goes with publishing now; leave --at out")
    if emergency and at:
        raise BadInput("--emergency publishes now; leave --at out")
    with connect(ctx) as server:
        picks = expand(server, given)
        if picks.left_out:
            _warn_left_out(picks)
        if not picks.versions:
            raise BadInput("there is nothing that could be published under this address")
        path = api("projects", picks.project, "environments", to, "releases")
        body: dict[str, Any] = {"prompts": picks.body(), "reason": reason}
        if ticket:
            body["ticket"] = ticket
        if at:
            body["at"] = moment(at)
        if emergency:
            body["emergency"] = {"incident": emergency}
        if dry_run:
            preview = _preview(server, path, body)
            out.json(preview)
            show_preview(out, preview, diffs=True)
            refuse_unmet(preview, to)
            return
        headers: dict[str, str] = {}
        if not yes and somebody_is_there():
            preview = _preview(server, path, body)
            show_preview(Output(False, aside=True), preview, diffs=len(preview["prompts"]) == 1)
            if not at:  # a schedule may be made before all is met
                refuse_unmet(preview, to)
            then = f" at {body['at']}" if at else ""
            confirm(f"Publish this to {picks.project}@{to}{then}?")
            # What was shown is what is sent: these versions, on the release that was shown.
            body["prompts"] = [
                {"path": line["path"], "version": line["version"]} for line in preview["prompts"]
            ]
            headers["If-Match"] = f'"r{preview["on"]}"'
        if only_if_head:
            body["only_if_head"] = True
        made = server.post(path, body, headers=headers)
        if at:
            show_added(out, made)
        else:
            show_release(out, made)
            if emergency and not json:
                warn(
                    "not approved: unless others ratify it within 72 hours, the server takes it back"
                )
        if wait:
            made |= spreading.wait_after(server, picks.project, made, wait, timeout, quiet=json)
    out.json(made)
    if wait:
        spreading.refuse_unless(made["reached"], made["spread"], wait, timeout)
        out.line(spreading.sentence(made["spread"]))


def _preview(server: Session, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = server.post(path, {**body, "dry_run": True})
    return answer


def _warn_left_out(picks: Picks) -> None:
    names = ", ".join(picks.left_out[:10])
    more = f" and {len(picks.left_out) - 10} more" if len(picks.left_out) > 10 else ""
    warn(f"left out, because the file is invalid or the prompt suspended: {names}{more}")
