"""`working-copy share|unshare|open|take`: a working copy by link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.working_copy import app
from promptops.cli.commands.working_copy.look import AddressArgument
from promptops.cli.copies import Copy, change, find_copy, read_copy, show_findings
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.releasing import YesOption
from promptops.cli.session import Session, api, connect
from promptops.format.names import Address

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_Share = Annotated[str, typer.Argument(metavar="SHARE", help="What `working-copy share` printed.")]


@command(
    app,
    "share",
    [
        "promptops working-copy share retail-bank/claims/triage",
        "promptops working-copy share retail-bank/claims/triage --expires 7d",
    ],
)
def share(
    ctx: typer.Context,
    given: AddressArgument,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="After 30m, 12h, 7d or 2w, or at a time."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Let others read your working copy: they need its link and may read the project."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        made = change(server, address, "share", {"expires_at": _end(expires)}).value
    out.json(made)
    out.line(made["id"])
    if not json:
        end = f"until {when(made['expires_at'])}" if made["expires_at"] else "until you end it"
        note(f"Works {end}. To read it: promptops working-copy open {made['id']}")


@command(app, "unshare", ["promptops working-copy unshare retail-bank/claims/triage"])
def unshare(ctx: typer.Context, given: AddressArgument, json: JsonOption = False) -> None:
    """End the link to your working copy."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        shared = read_copy(server, address).fields["share"]
        if shared is None:
            raise Refused(f"your working copy of {address} is not shared")
        server.request("DELETE", api("shared-working-copies", shared["id"]))
    out.json({"id": shared["id"], "revoked": True})
    out.line(f"The link to your working copy of {address} is ended.")


@command(
    app,
    "open",
    [
        "promptops working-copy open 4f0c8a1be2d94c7f9a35d1e07b6c2f48",
        "promptops working-copy open 4f0c8a1be2d94c7f9a35d1e07b6c2f48 --diff",
    ],
)
def open_(
    ctx: typer.Context,
    link: _Share,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only what it changes in its parent.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show a working copy that was shared with you."""
    out = Output(json)
    with connect(ctx) as server:
        found = _shared(server, link)
    out.json(found)
    if diff:
        out.diff(found["diff"])
    else:
        out.exact(found["text"].encode())
    if not json:
        copy = Copy(found, "")
        saved = when(found["updated_at"])
        note(f"{found['owner']}'s working copy of {found['address']}, {copy.base}, saved {saved}.")
        show_findings(copy, found["address"])


@command(app, "take", ["promptops working-copy take 4f0c8a1be2d94c7f9a35d1e07b6c2f48"])
def take(
    ctx: typer.Context, link: _Share, yes: YesOption = False, json: JsonOption = False
) -> None:
    """Make a shared text your own working copy; one you have is replaced, which `undo` reverses."""
    out = Output(json)
    with connect(ctx) as server:
        found = _shared(server, link)
        mine = find_copy(server, Address(found["project"], found["path"]))
        headers = {}
        if mine is not None and mine.text != found["text"]:
            if not yes and not somebody_is_there():
                raise Refused(
                    f"you have a working copy of {found['address']} with another text",
                    remedy="replace it with --yes",
                )
            if not yes:
                confirm(f"Replace your own working copy of {found['address']}?")
            headers["If-Match"] = mine.tag
        route = api("shared-working-copies", _id(link), "take")
        made = server.request("POST", route, headers=headers).value
    out.json(made)
    out.line(f"{found['address']}: your working copy has {found['owner']}'s text now.")


def _shared(server: Session, link: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(api("shared-working-copies", _id(link)))
    return found


def _id(link: str) -> str:
    """The id of a link, also from a whole address."""
    return link.rstrip("/").rpartition("/")[2]


def _end(text: str | None) -> str | None:
    """`7d` as a time from now; a time as it is. Raises BadInput."""
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        end = datetime.now(UTC) + timedelta(**{_UNITS[span[2]]: int(span[1])})
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"{text!r} is no time", remedy="write 30m, 12h, 7d, 2w, or 2027-01-31T18:00:00Z"
        ) from None
    return text
