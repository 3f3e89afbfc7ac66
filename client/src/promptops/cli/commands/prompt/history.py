"""`prompt log|diff`: what a prompt was before, and what changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import read_text
from promptops.format.names import Address

_SAME_DAY = timedelta(days=1)


@command(
    app,
    "log",
    [
        "promptops prompt log retail-bank/claims/triage",
        "promptops prompt log retail-bank/claims/triage --limit 5 --json",
    ],
)
def log(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List a prompt's versions, newest first."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        path = api("projects", address.project, "versions", address.path)
        found = list(server.pages(path, at_most=limit))
    out.json({"items": found})
    out.table(
        ("VERSION", "WHEN", "WHO", "STATE", "COMMIT", "MESSAGE"),
        (
            (
                f"@{v['version']}",
                _when(v),
                v["author"],
                v.get("state"),
                v["commit"][:7],
                str(v["message"]).partition("\n")[0],
            )
            for v in found
        ),
        "There are no versions.",
    )


def _when(version: dict[str, Any]) -> str:
    """When it came here; and when it was committed, if that was on another day: elsewhere, before it was pushed."""
    here, said = str(version["created_at"]), str(version.get("committed_at") or "")
    if not said or abs(datetime.fromisoformat(here) - datetime.fromisoformat(said)) < _SAME_DAY:
        return when(here)
    return f"{when(here)} (committed {when(said)})"


@command(
    app,
    "diff",
    [
        "promptops prompt diff retail-bank/claims/triage@5 retail-bank/claims/triage@7",
        "promptops prompt diff retail-bank/claims/triage --from production",
        "promptops prompt diff retail-bank/claims/triage@7 retail-bank/claims/letter@2",
    ],
)
def diff(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="An address.")],
    second: Annotated[
        str, typer.Argument(metavar="[B]", help="Another; the difference is from A to B.")
    ] = "",
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="SELECTOR", help="Version, environment or commit of A."),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="SELECTOR", help="The same, to compare with. Default: newest."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what differs between two versions, or two prompts.

    With one address: what its version changed, or what happened --from one version --to another.
    """
    out = Output(json)
    a = addresses.prompt(first)
    with connect(ctx) as server:
        if second:
            if start is not None or end is not None:
                raise BadInput("two addresses say it all", remedy="leave --from and --to away")
            found = _between(server, a, addresses.prompt(second))
        else:
            if a.selector is not None and end is not None:
                raise BadInput(f"{first!r} says already which version to compare with")
            found = server.get(
                api("projects", a.project, "diff", a.path),
                **{"from": start, "to": str(a.selector) if a.selector else end},
            )
    out.json(found)
    out.diff(found["text"])
    if not found["text"] and not json:
        note("There is no difference.")


def _between(server: Session, a: Address, b: Address) -> Any:
    """By the server within a project; across projects the two texts are compared here."""
    if a.project == b.project:
        if a.selector is None:
            start = f"{a.path}@{read_text(server, a).number}"
        else:
            start = f"{a.path}@{a.selector}"
        return server.get(
            api("projects", b.project, "diff", b.path),
            **{"from": start, "to": str(b.selector) if b.selector else None},
        )
    from promptops.format.diff import unified

    before, after = read_text(server, a), read_text(server, b)
    return {
        "from": before.address,
        "to": after.address,
        "text": unified(before.text, after.text, before.address, after.address),
    }
