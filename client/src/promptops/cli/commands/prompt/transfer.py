"""`prompt move` and `prompt copy`: prompts and modules at another address, also in another project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.companions import show_carried
from promptops.cli.output import JsonOption, Output, note, warn
from promptops.cli.releasing import YesOption
from promptops.cli.session import Session, api, connect

_From = Annotated[
    str, typer.Argument(metavar="FROM", help="A prompt, or a module with a slash at its end.")
]
_To = Annotated[
    str,
    typer.Argument(metavar="TO", help="The new address; with a slash, the module it goes into."),
]
_WithFragments = Annotated[
    bool,
    typer.Option(
        "--with-fragments", help="Bring along what is included and missing in the other project."
    ),
]
_SHOWN = 20


@command(
    app,
    "move",
    [
        "promptops prompt move retail-bank/claims/triage retail-bank/motor/triage",
        "promptops prompt move retail-bank/claims/ retail-bank/motor/claims/ -m 'One team'",
        "promptops prompt move retail-bank/house/style retail-bank/legal/ --update-pins",
        "promptops prompt move retail-bank/letters/ insurance/letters/ --with-fragments --yes",
    ],
)
def move(
    ctx: typer.Context,
    source: _From,
    target: _To,
    message: MessageOption = None,
    update_pins: Annotated[
        bool,
        typer.Option(
            "--update-pins", help="Rewrite references to it in the newest versions that have them."
        ),
    ] = False,
    with_fragments: _WithFragments = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Move a prompt or a whole module, in one commit.

    The new address starts at version 1; the old one is archived and keeps its versions, so pins and
    what is live keep working. Suite files of a prompt follow it under its new name.
    """
    out = Output(json)
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            confirm(f"Move {source} to {target}?")
        options: dict[str, Any] = {"update_pins": True} if update_pins else {}
        done = _send(server, "move", source, target, message, with_fragments, options)
    out.json(done)
    _show(out, done, "moved")


@command(
    app,
    "copy",
    [
        "promptops prompt copy retail-bank/claims/triage retail-bank/claims/triage-short",
        "promptops prompt copy retail-bank/claims/ insurance/claims/ --with-fragments",
    ],
)
def copy(
    ctx: typer.Context,
    source: _From,
    target: _To,
    message: MessageOption = None,
    with_fragments: _WithFragments = False,
    json: JsonOption = False,
) -> None:
    """Copy the newest version of a prompt with its suites, or of every prompt of a module, in one commit."""
    out = Output(json)
    with connect(ctx) as server:
        done = _send(server, "copy", source, target, message, with_fragments, {})
    out.json(done)
    _show(out, done, "copied")


def _send(
    server: Session,
    verb: str,
    source: str,
    target: str,
    message: str | None,
    with_fragments: bool,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    project, path = addresses.prompt_or_module(source)
    to_project, to = addresses.prompt_or_module(target)
    body = {"from": path, "to": to, "message": message, **options}
    if with_fragments:
        body["with_fragments"] = True
    if to_project != project:
        body["to_project"] = to_project
    answer: dict[str, Any] = server.post(api("projects", project, verb), body)
    return answer


def _show(out: Output, done: Mapping[str, Any], verb: str) -> None:
    prompts = done["prompts"]
    for item in prompts[:_SHOWN]:
        extra = " (a fragment brought along)" if item["fragment"] else ""
        out.line(
            f"{done['project']}/{item['from']}@{item['from_version']} → "
            f"{done['to_project']}/{item['path']}@{item['version']}{extra}"
        )
    if len(prompts) > _SHOWN:
        out.line(f"… and {len(prompts) - _SHOWN} more")
    show_carried(out, done["companions"], done["companions_count"])
    many = "" if len(prompts) == 1 else "s"
    out.line(f"{len(prompts)} prompt{many} {verb} in commit {done['commit'][:7]}.")
    if out.as_json:
        return
    for item in done["repinned"][:_SHOWN]:
        note(f"pins updated: {item['path']}@{item['version']}")
    for item in done["left"][:_SHOWN]:
        pins = ", ".join(item["pins"]) or "an old address"
        note(f"{item['path']} still includes {pins}, which stays readable")
    if done["left_count"] > _SHOWN:
        note(f"… {done['left_count']} prompts in all include an old address")
    for place in done["live"][:_SHOWN]:
        warn(f"{place['path']}@{place['version']} is still live in {place['environment']}")
