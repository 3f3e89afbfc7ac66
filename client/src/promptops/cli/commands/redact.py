"""`redact request|list|show|approve|cancel`: take personal data out of a project's whole history, by two people."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note, warn, when
from promptops.cli.releasing import TicketOption, YesOption
from promptops.cli.session import api, connect

app = group("Redaction: take personal data out of a project's whole history.")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `redact list` shows it.")]
_FEW = 10
_PLACES = {
    "messages": "messages of versions",
    "working_copies": "working copies",
    "views": "saved views",
    "kept_answers": "kept answers",
    "test_runs": "test runs",
    "test_results": "results of test runs",
    "matrix_cells": "cells of the matrix",
    "outbox": "waiting work",
    "project": "the project's own texts",
}


@command(
    app,
    "request",
    [
        "promptops redact request retail-bank/claims/triage --replace name.txt --dry-run",
        "promptops redact request retail-bank/claims/triage@3 --replace name.txt --reason 'A name'",
        "promptops redact request retail-bank/claims/triage.suite.yml --replace name.txt --reason 'A name'",
        "promptops redact request retail-bank/claims/triage --replace - --reason 'A name' < name.txt",
    ],
)
def request(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS[@VERSION]",
            help="A prompt, version or file (x.suite.yml) that holds it.",
        ),
    ],
    replace: Annotated[
        list[str],
        typer.Option(
            "--replace",
            metavar="FILE",
            help="A file that holds the text, or - for standard input; again for more texts.",
        ),
    ],
    marker: Annotated[
        str, typer.Option("--marker", help="What stands in its place.")
    ] = "(redacted)",
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; it stays in the audit log.")
    ] = "",
    ticket: TicketOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be touched.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Ask for a redaction. Nothing is changed until a second person approves it.

    The text comes from a file or standard input, never from the command line, and is never shown. One line end at the
    end of the file is not part of it. It is taken out wherever it stands in the project, not only in this prompt.
    """
    out = Output(json)
    found = addresses.prompt(address)
    selector = found.selector
    if selector is not None and selector.version is None:
        raise BadInput(f"{address!r}: after the @ only a version's number can stand here")
    texts = [_text(name) for name in replace]
    body: dict[str, Any] = {
        "path": found.path,
        "texts": texts,
        "marker": marker,
        "reason": reason,
        "dry_run": dry_run,
        **({"version": selector.version} if selector is not None else {}),
        **({"ticket": ticket} if ticket else {}),
    }
    with connect(ctx) as server:
        answer = server.post(api("projects", found.project, "redactions"), body)
    out.json(answer)
    if dry_run:
        _show_figures(out, answer)
        return
    _show(out, answer)
    if not json:
        note(f"a second person approves: promptops redact approve {found.project} {answer['id']}")


@command(app, "list", ["promptops redact list retail-bank"])
def list_(
    ctx: typer.Context,
    project: _Project,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """List a project's redactions, newest first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("projects", project, "redactions"), at_most=limit))
    out.json({"items": found})
    out.table(
        ("ID", "ADDRESS", "STATE", "REQUESTED", "BY", "ENDED BY", "REASON"),
        (
            (
                item["id"],
                item["address"],
                item["state"],
                when(item["requested_at"]),
                item["requested_by"],
                item["ended_by"],
                item["reason"],
            )
            for item in found
        ),
        "Nothing was ever to be redacted there.",
    )


@command(app, "show", ["promptops redact show retail-bank ID"])
def show(ctx: typer.Context, project: _Project, redaction: _Id, json: JsonOption = False) -> None:
    """Show a redaction: what it would touch, or touched."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("projects", project, "redactions", redaction))
    out.json(found)
    _show(out, found)


@command(app, "approve", ["promptops redact approve retail-bank ID"])
def approve(
    ctx: typer.Context,
    project: _Project,
    redaction: _Id,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Approve a redaction that somebody else asked for. It is carried out at once, and cannot be undone."""
    out = Output(json)
    path = api("projects", project, "redactions", redaction)
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            _show(Output(False, aside=True), server.get(path))
            confirm("Take this out for ever?")
        done = server.post(f"{path}/approve", {})
    out.json(done)
    _show(out, done)
    if not json:
        note("every clone from before still has the text: delete it, and clone anew")
        if not done.get("cleaned_at"):
            warn("Redis or the database's free space still has it; the server goes on trying")


@command(app, "cancel", ["promptops redact cancel retail-bank ID"])
def cancel(
    ctx: typer.Context,
    project: _Project,
    redaction: _Id,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Cancel a redaction that was asked for; the text that was kept for it is wiped."""
    out = Output(json)
    path = api("projects", project, "redactions", redaction)
    with connect(ctx) as server:
        if not yes and somebody_is_there():
            confirm("Cancel this redaction?")
        ended = server.post(f"{path}/cancel", {})
    out.json(ended)
    out.line("Cancelled: nothing was changed, and the text is wiped.")


def _text(name: str) -> str:
    """The text in a file, without one line end at its end. Raises BadInput, which never repeats it."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not text in UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise BadInput(f"{name} holds no text")
    return text


def _show(out: Output, item: Mapping[str, Any]) -> None:
    out.fields(
        (
            ("redaction", item["id"]),
            ("address", item["address"]),
            ("state", item["state"]),
            ("texts", item["texts"]),
            ("marker", item["marker"]),
            ("requested by", f"{item['requested_by']}, {when(item['requested_at'])}"),
            ("expires", when(item["expires_at"]) if item["state"] == "requested" else None),
            ("ended by", item["ended_by"] and f"{item['ended_by']}, {when(item['ended_at'])}"),
            ("reason", item["reason"]),
            ("ticket", item["ticket"]),
        )
    )
    _show_figures(out, item["done"] or item["found"])


def _show_figures(out: Output, figures: Mapping[str, Any]) -> None:
    rows = figures["rows"]
    kept = figures["kept"]
    out.fields(
        (
            ("versions", _some(figures["versions"], figures["versions_changed"])),
            ("through fragments", _some(figures["users"], figures["users_changed"])),
            (
                "other files",
                _some(figures.get("other_files", []), figures.get("other_files_changed", 0)),
            ),
            ("commits", figures["commits"] or None),
            ("refs", _some(figures["refs"], figures["refs_moved"])),
            ("releases", figures["releases"] or None),
            ("artifacts", figures["artifacts"] or None),
            ("reasons", figures["release_reasons"] or None),
            *((_PLACES.get(name, name), count) for name, count in rows.items()),
            ("not valid then", _some(figures["breaks"], len(figures["breaks"]))),
            (
                "live",
                [f"{at['path']}@{at['version']} in {at['environment']}" for at in figures["live"]],
            ),
            ("kept in the audit log", kept["audit_events"] or None),
            ("kept in signatures", kept["signed_statements"] or None),
            ("kept in names", kept["names"] or None),
            ("mirror", figures.get("mirror")),
        )
    )
    if figures["live"] and not out.as_json:
        warn("what is live is not redacted: publish a version without it, or suspend it, first")


def _some(names: list[str], count: int) -> str | None:
    if not count:
        return None
    more = count - min(count, _FEW)
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more else "")
