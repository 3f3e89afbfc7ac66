"""`prompt put` and `prompt archive`: the next version of a prompt, or its end on `main`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.companions import show_named
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, warn
from promptops.cli.releasing import YesOption
from promptops.cli.session import api, connect
from promptops.cli.texts import MAX_FILE_BYTES, newest, put_text, read_file

MessageOption = Annotated[
    str | None,
    typer.Option("--message", "-m", metavar="TEXT", help="What changed and why."),
]
_Parent = Annotated[
    int | None,
    typer.Option(
        "--parent",
        min=0,
        metavar="N",
        help="The version your change was made from (0: the prompt is new). If there is a newer "
        "one, nothing is written. Default: the newest one now.",
    ),
]


@command(
    app,
    "put",
    [
        "promptops prompt put triage.prompt.yml retail-bank/claims/triage -m 'Shorter answers'",
        "promptops prompt put triage.prompt.yml retail-bank/claims/triage --parent 7",
        "generate | promptops prompt put - retail-bank/claims/triage",
    ],
)
def put(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A prompt file, - for stdin.")],
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    message: MessageOption = None,
    parent: _Parent = None,
    json: JsonOption = False,
) -> None:
    """Write a prompt: a file becomes its next version.

    Say --parent when others may be writing too: without it, the change counts as made from
    whatever is newest now.
    """
    out = Output(json)
    address = addresses.bare_prompt(given)
    text = read_stdin() if file == "-" else read_file(Path(file))
    with connect(ctx) as server:
        base = newest(server, address) if parent is None else (parent or None)
        made = put_text(
            server,
            address,
            text,
            parent=base,
            message=message,
            source="standard input" if file == "-" else file,
        )
    out.json(made)
    if not json:
        for problem in made.get("problems") or ():
            where = ":".join(str(problem[k]) for k in ("line", "column") if problem.get(k))
            warn(f"{file}:{where} {problem.get('key', '')} {problem.get('message', '')}")
    if made["version"] == base:
        out.line(f"{address} has exactly this text already: version {base}.")
    else:
        since = f", made from version {base}" if base else ""
        out.line(f"{address} is version {made['version']} now{since}.")


@command(app, "archive", ["promptops prompt archive retail-bank/claims/old-letter -m 'Replaced'"])
def archive(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    message: MessageOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Remove a prompt and its suites from the newest state; its versions stay, and what is live stays live."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        latest = newest(server, address)
        if latest is None:
            raise BadInput(f"there is no prompt {address}")
        if not yes and somebody_is_there():
            confirm(f"Archive {address} (newest version: {latest})?")
        done = server.request(
            "DELETE",
            api("projects", address.project, "prompts", address.path),
            params={"message": message},
            headers={"If-Match": f'"v{latest}"'},
        ).value
    out.json(done)
    out.line(f"{address} is archived. Putting it again continues with version {latest + 1}.")
    show_named(out, (done or {}).get("companions") or (), "suites removed")
    places = (done or {}).get("live") or ()
    if places and not json:
        where = ", ".join(f"{p['environment']} (version {p['version']})" for p in places)
        warn(f"it is still live in {where}; `promptops unpublish` takes it out")


def read_stdin() -> bytes:
    """A prompt file from standard input. Raises BadInput."""
    text = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    if len(text) > MAX_FILE_BYTES:
        raise BadInput("standard input is larger than 1 MiB", remedy="split the prompt")
    if not text.strip():
        raise BadInput("standard input is empty", remedy="write the prompt file to it")
    return text
