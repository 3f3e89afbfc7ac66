"""`prompt log|blame`: what a prompt was before, and who wrote each of its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.output import JsonOption, Output, note, warn, when
from promptops.cli.session import api, connect

_SAME_DAY = timedelta(days=1)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|system")


@command(
    app,
    "log",
    [
        "promptops prompt log retail-bank/claims/triage",
        "promptops prompt log retail-bank/claims/triage --follow",
        "promptops prompt log retail-bank/claims/triage --limit 5 --json",
    ],
)
def log(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on across moves, at the earlier addresses.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List a prompt's versions, newest first."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        path = api("projects", address.project, "versions", address.path)
        found = list(server.pages(path, at_most=limit, follow=True if follow else None))
    out.json({"items": found})
    if found and found[0].get("moved_to") and not json:
        note(f"{address} moved to {address.project}/{found[0]['moved_to']}")
    out.table(
        ("ADDRESS" if follow else "VERSION", "WHEN", "WHO", "STATE", "COMMIT", "MESSAGE"),
        (
            (
                f"{v['path']}@{v['version']}" if follow else f"@{v['version']}",
                _when(v),
                _who(v),
                v.get("state"),
                v["commit"][:7],
                str(v["message"]).partition("\n")[0],
            )
            for v in found
        ),
        "There are no versions.",
    )


def _writer(version: Mapping[str, Any]) -> str:
    """The author the commit names; of a commit made by the server, whose author is an id, the one who acted."""
    named = str(version.get("author_text") or "").partition(" <")[0].strip()
    return str(version["author"]) if not named or _ID.fullmatch(named) else named


def _who(version: Mapping[str, Any]) -> str:
    """The writer; and who pushed it, if that was somebody else."""
    writer, actor = _writer(version), str(version["author"])
    return writer if writer.lower() == actor.lower() else f"{writer} (by {actor})"


def _when(version: dict[str, Any]) -> str:
    """When it came here; and when it was committed, if that was on another day: elsewhere, before it was pushed."""
    here, said = str(version["created_at"]), str(version.get("committed_at") or "")
    if not said or abs(datetime.fromisoformat(here) - datetime.fromisoformat(said)) < _SAME_DAY:
        return when(here)
    return f"{when(here)} (committed {when(said)})"


@command(
    app,
    "blame",
    [
        "promptops prompt blame retail-bank/claims/triage",
        "promptops prompt blame retail-bank/claims/triage@production --json",
    ],
)
def blame(
    ctx: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="With @7, @production or @3f9c2ab; else the newest."
        ),
    ],
    json: JsonOption = False,
) -> None:
    """Show for each line the version that last changed it, across moves."""
    out = Output(json)
    address = addresses.prompt(given)
    with connect(ctx) as server:
        path = address.path + addresses.selector_text(address.selector)
        found = server.get(api("projects", address.project, "blame", path))
    out.json(found)
    if json:
        return
    if not found["complete"]:
        warn(f"lines without a version are as old as {found['walked_to']}, or older")
    if found["lines"]:
        out.line("\n".join(_blamed(found)))


def _blamed(found: Mapping[str, Any]) -> Iterator[str]:
    """`@7 maya 2026-01-31 12) text`; a version at an earlier address says the whole path."""
    rows = []
    for line in found["lines"]:
        version = found["versions"].get(line["address"])
        if version is None:
            rows.append(("", "", "", line))
            continue
        place = "" if version["path"] == found["path"] else version["path"]
        day = str(version.get("committed_at") or version["created_at"])[:10]
        rows.append((f"{place}@{version['version']}", _writer(version), day, line))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    digits = len(str(len(rows)))
    for *words, line in rows:
        start = " ".join(word.ljust(width) for word, width in zip(words, widths, strict=True))
        yield f"{start} {line['line']:>{digits}}) {line['text']}".rstrip()
