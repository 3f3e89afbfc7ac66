"""`prompt show|list`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.session import api, connect
from promptops.cli.texts import read_text, read_version


@command(
    app,
    "show",
    [
        "promptops prompt show retail-bank/claims/triage",
        "promptops prompt show retail-bank/claims/triage@production",
        "promptops prompt show retail-bank/claims/triage@7 -o triage.prompt.yml",
    ],
)
def show(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="With @7, @production or @3f9c2ab; else the newest."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show a prompt file; --json shows everything known about the version."""
    out = Output(json)
    address = addresses.prompt(given)
    with connect(ctx) as server:
        if output is not None or not json:
            found = read_text(server, address)
        if json:
            out.json(read_version(server, address))
    if output is None:
        if not json:
            out.exact(found.content)
        return
    try:
        output.write_bytes(found.content)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from None
    if not json:
        note(
            f"{found.address} is in {output}. To put your change:\n"
            f"  promptops prompt put {output} {found.project}/{found.path} --parent {found.number}"
        )


@command(
    app,
    "list",
    [
        "promptops prompt list retail-bank",
        "promptops prompt list retail-bank/claims --tag letters",
        "promptops prompt list retail-bank --q 'motor damage' --json",
        "promptops prompt list retail-bank --all --archived",
        "promptops prompt list retail-bank --invalid",
    ],
)
def list_(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="PROJECT[/MODULE]", help="A project, or a module in it.")
    ],
    module: Annotated[str | None, typer.Option("--module", help="Only below this module.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this tag.")] = None,
    q: Annotated[str | None, typer.Option("--q", help="Only with these words in it.")] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Those that are archived instead.")
    ] = False,
    invalid: Annotated[
        bool, typer.Option("--invalid", help="Only those that cannot be released.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    json: JsonOption = False,
) -> None:
    """List prompts by path, or search them."""
    out = Output(json)
    address = addresses.place(given)
    if address.selector is not None:
        raise BadInput(
            "a list is of the newest versions",
            remedy=f"for what is live: promptops env show {address.project}@{address.selector}",
        )
    if address.path and module:
        raise BadInput("the module is given twice", remedy="leave --module away")
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("projects", address.project, "prompts"),
                at_most=None if everything else limit,
                module=address.path or module,
                tag=tag,
                q=q,
                archived="true" if archived else None,
                valid="false" if invalid else None,
            )
        )
    out.json({"items": found})
    out.table(
        ("PROMPT", "VERSION", "NAME", "TAGS", "LIVE IN", "CHANGED", ""),
        (
            (
                p["path"],
                f"@{p['version']}",
                p.get("name"),
                p.get("tags"),
                [f"{place['environment']}@{place['version']}" for place in p.get("live") or ()],
                when(p.get("updated_at")),
                "" if p.get("valid", True) else "invalid",
            )
            for p in found
        ),
        "There is no such prompt.",
    )
    if len(found) == limit and not everything and not json:
        note(f"There may be more than these {limit}: --all lists everything.")
