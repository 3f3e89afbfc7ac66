"""`prompt show|list`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses, finding
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
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
        shown: dict[str, Any] = {}
        if json or (address.selector is not None and address.selector.maybe_commit is not None):
            shown = read_version(server, address)
        out.json(shown)
    if shown.get("notice"):
        note(shown["notice"])
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
        "promptops prompt list retail-bank/claims --tag letters --tag german",
        "promptops prompt list retail-bank -q 'motor damage' --json",
        "promptops prompt list retail-bank --environment production --state behind",
        "promptops prompt list retail-bank --model claude --changed-since 7d --sort changed",
        "promptops prompt list retail-bank --view stale",
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
    q: finding.Words = None,
    environment: finding.Environment = None,
    state: finding.StateOption = None,
    model: finding.Model = None,
    tag: finding.Tags = None,
    owner: finding.Owner = None,
    changed_since: finding.Since = None,
    archived: finding.Archived = False,
    invalid: finding.Invalid = False,
    sort: finding.SortOption = None,
    view: Annotated[
        str | None,
        typer.Option("--view", help="A saved view; the options given beside it count first."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    json: JsonOption = False,
) -> None:
    """List prompts by path, or search them. Everything given must hold."""
    out = Output(json)
    address = addresses.place(given)
    if address.selector is not None:
        raise BadInput(
            "a list is of the newest versions",
            remedy=f"for what is live: promptops env show {address.project}@{address.selector}",
        )
    if address.path and module:
        raise BadInput("the module is given twice", remedy="leave --module away")
    query = finding.query_of(
        module=address.path or module,
        q=q,
        environment=environment,
        state=state,
        model=model,
        tag=tag,
        owner=owner,
        changed_since=changed_since,
        archived=archived,
        invalid=invalid,
        sort=sort,
    )
    columns: list[str] = []
    with connect(ctx) as server:
        if view is not None:
            columns = server.get(api("projects", address.project, "views", view))["columns"]
        found = list(
            server.pages(
                api("projects", address.project, "prompts"),
                at_most=None if everything else limit,
                view=view,
                **query,
            )
        )
    out.json({"items": found})
    shown = columns or finding.DEFAULT_COLUMNS
    out.table(
        finding.heads(shown),
        (finding.row(prompt, shown) for prompt in found),
        _nothing(address.project, bool(query), view),
    )
    if len(found) == limit and not everything and not json:
        note(f"There may be more than these {limit}: --all lists everything.")


def _nothing(project: str, narrowed: bool, view: str | None) -> str:
    """What to do about an empty list."""
    if view is not None:
        return (
            f"The view {view} shows no prompt. What it asks: promptops view show {project} {view}"
        )
    if narrowed:
        return f"No prompt matches. Ask for less, or see all: promptops prompt list {project}"
    return (
        f"There is no prompt in {project} yet. To write one:\n"
        f"  promptops prompt edit {project}/my-first-prompt"
    )
