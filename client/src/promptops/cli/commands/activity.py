"""`activity`: what happened in a project, for whoever may read it."""

from __future__ import annotations

import json as json_text
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from promptops.cli.command import command
from promptops.cli.failures import BadInput, Unreachable
from promptops.cli.output import JsonOption, Output, note, visible, when, write
from promptops.cli.session import Session, api, connect

_SECONDS = 2.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "activity",
        [
            "promptops activity retail-bank",
            "promptops activity retail-bank --prompt claims/triage --since 30d",
            "promptops activity retail-bank --kind rollback --json",
            "promptops activity retail-bank --follow",
        ],
    )(activity)


def activity(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT")],
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="PATH", help="Only what touched this prompt.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only by this user.")] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="edit, import, push, publish, rollback, suspend, archive, …"),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="7d, 12h, or a time.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Then show what happens, until Ctrl-C.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Show what happened in a project, newest first; with --follow the newest last.

    With --follow and --json each item is one line of JSON.
    """
    out = Output(json)
    if prompt is not None and prompt.startswith(f"{project}/"):
        prompt = prompt.removeprefix(f"{project}/")
    if prompt is not None and "@" in prompt:
        raise BadInput("the activity is of a prompt, not of a version", remedy="leave @… away")
    asked = {"prompt": prompt, "actor": actor, "kind": kind}
    path = api("projects", project, "activity")
    with connect(ctx) as server:
        found, latest = _read(server, path, limit, since=since, **asked)
        if not follow:
            out.json({"items": found, "latest": latest})
            out.table(
                ("WHEN", "WHO", "WHAT", "WHY"),
                (_row(item) for item in found),
                _empty(project, any(asked.values()) or since is not None),
            )
            return
        _show(out, found, json)
        note("Waiting for more; Ctrl-C ends it.")
        while True:
            time.sleep(_SECONDS)
            try:
                found, latest = _read(server, path, None, since=latest, **asked)
            except Unreachable as problem:
                note(f"{problem}; trying again.")
                continue
            _show(out, found, json)


def _read(
    server: Session, path: str, at_most: int | None, **params: Any
) -> tuple[list[dict[str, Any]], str]:
    """Items, newest first, and from where to go on later."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    latest = ""
    while True:
        size = 500 if at_most is None else min(500, at_most - len(found))
        page = server.get(path, **params, limit=size, cursor=cursor)
        latest = latest or page["latest"]
        found += page["items"]
        cursor = page.get("next")
        if not cursor or (at_most is not None and len(found) >= at_most):
            return found, latest


def _show(out: Output, items: Sequence[dict[str, Any]], as_json: bool) -> None:
    """What happened, the newest last, a line each."""
    for item in reversed(items):
        if as_json:
            write(out.stream, json_text.dumps(item, ensure_ascii=False) + "\n")
        else:
            out.line("\t".join(visible(str(cell or "")) for cell in _row(item)))


def _row(item: dict[str, Any]) -> tuple[Any, ...]:
    return when(item["at"]), item["actor"], item["summary"], item.get("reason")


def _empty(project: str, narrowed: bool) -> str:
    if narrowed:
        return f"Nothing that matches happened. All there is: promptops activity {project}"
    return f"Nothing happened in {project} yet."
