"""`suspend` and `unpublish`: stop prompts, with a tombstone or by taking them out."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.output import JsonOption, Output
from promptops.cli.releasing import (
    InOption,
    ReasonOption,
    TicketOption,
    YesOption,
    show_release,
)
from promptops.cli.session import api, connect


def add_to(app: typer.Typer) -> None:
    """Put both commands at the top of the tree."""
    command(
        app,
        "suspend",
        ["promptops suspend retail-bank/claims/triage --in production --reason 'Complaint 4711'"],
    )(suspend)
    command(
        app,
        "unpublish",
        ["promptops unpublish retail-bank/claims/letter --in staging --reason 'Not needed'"],
    )(unpublish)


_Prompts = Annotated[
    list[str], typer.Argument(metavar="ADDRESS...", help="Prompts of one project.")
]


def suspend(
    ctx: typer.Context,
    given: _Prompts,
    environment: InOption,
    reason: ReasonOption,
    ticket: TicketOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Stop prompts at once: applications get an error with the reason, and no old copy.

    A rollback does not lift it; publishing again does.
    """
    _stop(ctx, "suspend", given, environment, reason, ticket, yes, Output(json))


def unpublish(
    ctx: typer.Context,
    given: _Prompts,
    environment: InOption,
    reason: ReasonOption,
    ticket: TicketOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Take prompts out of an environment."""
    _stop(ctx, "unpublish", given, environment, reason, ticket, yes, Output(json))


def _stop(
    ctx: typer.Context,
    verb: str,
    given: list[str],
    environment: str,
    reason: str,
    ticket: str | None,
    yes: bool,
    out: Output,
) -> None:
    found = [addresses.bare_prompt(text) for text in given]
    project = addresses.one_project(found)
    paths = [address.path for address in found]
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            confirm(f"{verb.capitalize()} {', '.join(paths)} in {project}@{environment}?")
        release = server.post(
            api("projects", project, "environments", environment, verb),
            {
                "prompts": paths,
                "reason": reason,
                **({"ticket": ticket} if ticket else {}),
            },
        )
    out.json(release)
    show_release(out, release)
