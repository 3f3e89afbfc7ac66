"""`prompt diff`: what changed between two versions, or differs between two prompts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.differences import show_sections, show_words
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import VersionText, read_text
from promptops.format.names import Address


@command(
    app,
    "diff",
    [
        "promptops prompt diff retail-bank/claims/triage@5 retail-bank/claims/triage@7",
        "promptops prompt diff retail-bank/claims/triage --from production --words",
        "promptops prompt diff retail-bank/claims/triage@5 --by-section",
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
    words: Annotated[
        bool, typer.Option("--words", help="Show the words that changed, section by section.")
    ] = False,
    by_section: Annotated[
        bool, typer.Option("--by-section", help="List what changed, a line for each value.")
    ] = False,
    resolved: Annotated[
        bool,
        typer.Option("--resolved", help="Compare what a model receives, fragments in place."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what differs between two versions, or two prompts.

    With one address: what its version changed, or what happened --from one version --to another.
    """
    out = Output(json)
    if words and by_section:
        raise BadInput("--words and --by-section are two ways to show it", remedy="give one")
    a = addresses.prompt(first)
    with connect(ctx) as server:
        if second:
            if start is not None or end is not None:
                raise BadInput("two addresses say it all", remedy="leave --from and --to away")
            found = _between(server, a, addresses.prompt(second), resolved)
        else:
            if a.selector is not None and end is not None:
                raise BadInput(f"{first!r} says already which version to compare with")
            found = server.get(
                api("projects", a.project, "diff", a.path),
                **{
                    "from": start,
                    "to": str(a.selector) if a.selector else end,
                    "resolved": True if resolved else None,
                },
            )
    out.json(found)
    if words or by_section:
        (show_words if words else show_sections)(out, found)
        return
    out.diff(found["text"])
    if not found["text"] and not json:
        note("There is no difference.")


def _between(server: Session, a: Address, b: Address, resolved: bool) -> Any:
    """By the server within a project; across projects the two files are compared here."""
    if a.project == b.project:
        if a.selector is None:
            start = f"{a.path}@{read_text(server, a).number}"
        else:
            start = f"{a.path}@{a.selector}"
        return server.get(
            api("projects", b.project, "diff", b.path),
            **{
                "from": start,
                "to": str(b.selector) if b.selector else None,
                "resolved": True if resolved else None,
            },
        )
    if resolved:
        raise BadInput(
            "fragments are resolved by the server, within one project",
            remedy="compare the files: leave --resolved away",
        )
    return _compared(read_text(server, a), read_text(server, b))


def _compared(before: VersionText, after: VersionText) -> dict[str, Any]:
    """The server's answer, as far as it can be told without its digests."""
    from promptops.format import compare_prompts, parse
    from promptops.format.diff import unified

    old, new = parse(before.content).file, parse(after.content).file
    told: dict[str, Any] = {"sections": None, "classes": None, "words_complete": True}
    if old is not None and new is not None:
        told = compare_prompts(old, new, same_text=before.content == after.content).to_json()
    return {
        "from": before.address,
        "to": after.address,
        "text": unified(before.text, after.text, before.address, after.address),
        **told,
    }
