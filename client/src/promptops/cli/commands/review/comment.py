"""`review comment|comments|resolve|apply`: talk about a request."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli import reviewing
from promptops.cli.command import command
from promptops.cli.commands.review import app
from promptops.cli.output import JsonOption, Output, when
from promptops.cli.reviewing import RequestArgument
from promptops.cli.session import connect

_Comment = Annotated[
    str, typer.Argument(metavar="COMMENT", help="Its id, as `review comments` shows it.")
]


@command(
    app,
    "comment",
    [
        "promptops review comment 'retail-bank#12' 'Who checks the amounts?'",
        "promptops review comment 'retail-bank#12' 'Shorter' --line 4 --suggest '    content: Be brief.'",
    ],
)
def comment(
    ctx: typer.Context,
    request: RequestArgument,
    body: Annotated[str, typer.Argument(metavar="TEXT", help="What to say.")],
    line: Annotated[
        int | None, typer.Option("--line", min=1, help="The line of the prompt file it is about.")
    ] = None,
    reply_to: Annotated[
        str | None, typer.Option("--reply-to", help="The comment it answers.")
    ] = None,
    suggest: Annotated[
        str | None, typer.Option("--suggest", help="What the line should read instead.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Comment on a request, a line of its file, or another comment."""
    out = Output(json)
    given = {"body": body, "line": line, "reply_to": reply_to, "suggestion": suggest}
    with connect(ctx) as server:
        reference = reviewing.find(server, request)
        made = server.post(f"{reference.path}/comments", given)
    out.json(made)
    out.line(f"Comment {made['id']} on {reference.project}#{reference.number}.")


@command(app, "comments", ["promptops review comments 'retail-bank#12'"])
def comments(
    ctx: typer.Context,
    request: RequestArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 200,
    json: JsonOption = False,
) -> None:
    """Read the comments of a request, oldest first."""
    out = Output(json)
    with connect(ctx) as server:
        reference = reviewing.find(server, request)
        found = list(server.pages(f"{reference.path}/comments", at_most=limit))
    out.json({"items": found})
    out.table(
        ("at", "by", "line", "settled", "id", "text", "suggestion"),
        (
            (
                when(c["at"]),
                c["by"],
                c["line"],
                bool(c["resolved_at"]),
                c["id"],
                c["body"],
                c["suggestion"],
            )
            for c in found
        ),
        "Nobody has commented.",
    )


@command(app, "resolve", ["promptops review resolve 'retail-bank#12' COMMENT"])
def resolve(
    ctx: typer.Context,
    request: RequestArgument,
    comment: _Comment,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again instead.")] = False,
    json: JsonOption = False,
) -> None:
    """Mark a thread of comments as settled."""
    out = Output(json)
    with connect(ctx) as server:
        reference = reviewing.find(server, request)
        path = f"{reference.path}/comments/{comment}"
        found = server.request("PATCH", path, json={"resolved": not reopen}).value
    out.json(found)
    out.line("Open again." if reopen else "Settled.")


@command(app, "apply", ["promptops review apply 'retail-bank#12' COMMENT"])
def apply(
    ctx: typer.Context, request: RequestArgument, comment: _Comment, json: JsonOption = False
) -> None:
    """Make a new version with a suggested line."""
    out = Output(json)
    with connect(ctx) as server:
        reference = reviewing.find(server, request)
        made = server.post(f"{reference.path}/comments/{comment}/apply", {})
    out.json(made)
    out.line(
        f"{reference.project}/{made['path']} is version {made['version']} now; ask for its review."
    )
