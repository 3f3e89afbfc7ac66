"""`policy list|show|put|remove|check`: what the installation itself forbids, beside what roles open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.session import api, connect

app = group("Access policies of the installation, in Cedar (for administrators and auditors).")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The policy's name.")]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="A Cedar text.")]


@command(app, "list", ["promptops policy list"])
def list_(ctx: typer.Context, json: JsonOption = False) -> None:
    """List the installation's own policies in force."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("policies"))
    out.json(found)
    out.table(
        ("NAME", "SINCE", "BY", "COMMENT"),
        (
            (item["name"], when(item["created_at"]), item["author"], item["comment"])
            for item in found["items"]
        ),
        "The installation has no policy of its own: the shipped ones decide.",
    )
    out.line(f"Policy version: {found['policy_version']}")


@command(app, "show", ["promptops policy show no-friday-releases", "promptops policy show admin"])
def show(ctx: typer.Context, name: _Name, json: JsonOption = False) -> None:
    """Print a policy's text: one of the installation, or a file of the shipped ones."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("policies"))
        shipped = found["shipped"].get(f"{name.removesuffix('.cedar')}.cedar")
        own = next((item for item in found["items"] if item["name"] == name), None)
        if own is None and shipped is None:
            own = server.get(api("policies", name))  # says that there is none, and what to do
    text = own["text"] if own is not None else shipped
    out.json(own if own is not None else {"name": name, "text": text, "shipped": True})
    out.line(text.rstrip("\n"))


@command(
    app,
    "put",
    [
        "promptops policy put no-friday-releases rule.cedar --comment 'Fridays: ask the duty manager'"
    ],
)
def put(
    ctx: typer.Context,
    name: _Name,
    file: _File,
    comment: Annotated[
        str, typer.Option("--comment", help="What it is for; told to whoever it refuses.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Add a policy, or replace the one of its name. It is checked first and takes effect at once.

    Only forbid is accepted: a further condition is written as forbid … unless.
    """
    out = Output(json)
    body = {"text": _text(file), "comment": comment}
    with connect(ctx) as server:
        made = server.request("PUT", api("policies", name), json=body).value
    out.json(made)
    out.line(f"The policy {name} is in force. Policy version: {made['policy_version']}")


@command(app, "remove", ["promptops policy remove no-friday-releases"])
def remove(ctx: typer.Context, name: _Name, json: JsonOption = False) -> None:
    """Take a policy out of force at once."""
    out = Output(json)
    with connect(ctx) as server:
        server.request("DELETE", api("policies", name))
    out.json({"name": name, "removed": True})
    out.line(f"The policy {name} is no longer in force.")


@command(
    app,
    "check",
    [
        "promptops policy check rule.cedar",
        "promptops policy check rule.cedar --who anna --action publish --on retail-bank/claims/triage@production",
    ],
)
def check(
    ctx: typer.Context,
    file: _File,
    who: Annotated[
        list[str] | None, typer.Option("--who", help="Try it on this user; may be repeated.")
    ] = None,
    action: Annotated[
        list[str] | None, typer.Option("--action", help="… doing this; may be repeated.")
    ] = None,
    on: Annotated[
        str,
        typer.Option("--on", metavar="ADDRESS", help="… there, with @environment if it matters."),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="The policy it would replace, if there is one.")
    ] = "candidate",
    json: JsonOption = False,
) -> None:
    """Check a policy without putting it, and show whose requests it would change.

    Exit code 1 when it is not valid.
    """
    out = Output(json)
    if bool(who) != bool(action):
        raise BadInput("--who and --action go together")
    questions = [
        {"who": one, "action": doing, "address": on} for one in who or () for doing in action or ()
    ]
    body: dict[str, Any] = {"text": _text(file), "name": name, "questions": questions}
    with connect(ctx) as server:
        found = server.post(api("policies", "check"), body)
    out.json(found)
    if not found["valid"]:
        for error in found["errors"]:
            out.line(f"{file}:{error['line']}: {error['message']}")
        raise typer.Exit(1)
    out.line("The policy is valid.")
    if questions:
        out.table(
            ("WHO", "ACTION", "NOW", "WITH IT", "RULE"),
            (
                (
                    effect["who"],
                    effect["before"]["action"],
                    "yes" if effect["before"]["allowed"] else "no",
                    "yes" if effect["after"]["allowed"] else "no",
                    effect["after"]["rule"],
                )
                for effect in found["effects"]
            ),
            "",
        )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from None
