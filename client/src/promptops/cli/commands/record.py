"""`record fields|show|check|diff|set`: the documentation of prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command, group
from promptops.cli.commands import record_defaults
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, note
from promptops.cli.records import (
    changes_of,
    check_file,
    finding_lines,
    show_difference,
    show_judgement,
    tier_given,
    value_cell,
)
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import put_text, read_text
from promptops.format.names import EXTENSIONS, Address

app = group("Records: what is documented about a prompt, and what is missing.")
app.add_typer(record_defaults.app, name="defaults")

TierOption = Annotated[
    str | None, typer.Option("--tier", metavar="TIER", help="low, medium or high.")
]


@command(
    app, "fields", ["promptops record fields --tier low", "promptops record fields intent --json"]
)
def fields(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="One field, with its help and example.")
    ] = None,
    tier: TierOption = None,
    json: JsonOption = False,
) -> None:
    """List the fields of a record, or explain one. Needs no server."""
    from promptops.format import dump
    from promptops.format.record import BY_KEY, EVIDENCE, fields_for
    from promptops.format.record.catalogue import similar_key

    out = Output(json)
    listed = fields_for(tier_given(tier))
    if key is None:
        out.json(
            {"fields": [f.to_json() for f in listed], "evidence": [e.to_json() for e in EVIDENCE]}
        )
        rows = ((f.id, f.key, str(f.need), f.question) for f in listed)
        out.table(("ID", "KEY", "REQUIRED", "QUESTION"), rows, "There are no fields.")
        return
    if key not in BY_KEY:
        meant = similar_key(key)
        raise BadInput(
            f"the record has no field {key!r}",
            remedy=f"did you mean {meant}?" if meant else "see promptops record fields",
        )
    known = BY_KEY[key]
    out.json(known.to_json())
    out.line(f"{known.id} {known.key}: {known.question}")
    out.line(known.help)
    out.fields(
        (
            ("required", str(known.need)),
            ("n/a", known.na.replace("_", " ")),
            ("no default for", known.own),
            ("serves", known.serves),
        )
    )
    out.line(dump({"record": {key: known.example}}).rstrip())


@command(
    app,
    "show",
    [
        "promptops record show retail-bank/claims/triage",
        "promptops record show retail-bank/claims/triage@production --json",
    ],
)
def show(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    json: JsonOption = False,
) -> None:
    """Show a record with its defaults filled in, and where each value comes from."""
    out = Output(json)
    address = addresses.prompt(given)
    with connect(ctx) as server:
        told = _record(server, address, None)
    out.json(told)
    if not told["valid"]:
        out.line(f"{told['address']} is no valid prompt file; its record is not read.")
        return
    rows = (
        (v["id"] or "-", v["key"], value_cell(v["value"]), v["file"] or v["from"] or "-")
        for v in told["values"]
    )
    out.table(("ID", "KEY", "VALUE", "FROM"), rows, "The record is empty.")
    if json:
        return
    for line in finding_lines(told["address"], _warnings(told)):
        note(line)
    for reason in told["tier_reasons"]:
        note(reason)
    if told["tier"] is None:
        note(f"tier unknown: missing {', '.join(told['tier_missing'])}")
    lacking = sum(f["severity"] == "error" for f in told["findings"])
    state = "complete" if told["complete"] else f"incomplete, {lacking} to do"
    note(f"{told['address']}: tier {told['tier'] or 'unknown'}: {state}")


@command(
    app,
    "check",
    [
        "promptops record check prompts/",
        "promptops record check triage.prompt.yml --tier high",
        "promptops record check retail-bank/claims/triage",
    ],
)
def check(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="ADDRESS|FILE|DIR", help="What is on disk needs no server.")
    ],
    tier: TierOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a record lacks. Exit code 1 when it is incomplete.

    --tier judges it as if it had that tier. On disk, record-defaults.yml files count from the top
    of the checkout down.
    """
    out = Output(json)
    asked = tier_given(tier)
    if Path(given).exists() or given.endswith(EXTENSIONS):
        told = _check_disk(Path(given), asked)
    else:
        address = addresses.prompt(given)
        with connect(ctx) as server:
            told = [_record(server, address, asked)]
    complete = sum(item["complete"] for item in told)
    out.json({"items": told, "complete": complete, "incomplete": len(told) - complete})
    for item in told:
        show_judgement(out, item.get("file") or item["address"], item)
    if complete < len(told):
        raise typer.Exit(1)


@command(
    app,
    "diff",
    [
        "promptops record diff retail-bank/claims/triage@5 retail-bank/claims/triage@7",
        "promptops record diff retail-bank/claims/triage",
    ],
)
def diff(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="ADDRESS", help="A version, or a prompt.")],
    second: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="Another; the difference is from A to B.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Show how the records of two versions differ, defaults filled in, and how large the change is.

    With one address: what that version, or the newest, changed.
    """
    out = Output(json)
    a = addresses.prompt(first)
    b = addresses.prompt(second) if second else None
    if b is not None and a.project != b.project:
        raise BadInput("records are compared within one project", remedy="name one project twice")
    end = b or a
    start = None if b is None else f"{a.path}{addresses.selector_text(a.selector)}"
    with connect(ctx) as server:
        if b is not None and a.selector is None:
            start = f"{a.path}@{read_text(server, a).number}"
        told = server.get(
            api("projects", end.project, "record-diff", end.path),
            **{"from": start, "to": str(end.selector) if end.selector else None},
        )
    out.json(told)
    show_difference(out, told)


@command(
    app,
    "set",
    [
        "promptops record set retail-bank/claims/triage intent='Puts urgent claims first …' -m 'Intent'",
        "promptops record set retail-bank/claims/triage impact.score=2 sector='[none]'",
        "promptops record set retail-bank/claims/triage --from-file record.yml",
    ],
)
def set_(
    ctx: typer.Context,
    given: Annotated[str, typer.Argument(metavar="ADDRESS", help="project/module/prompt")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE...", help="Members with a dot; lists as YAML or JSON."),
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from-file", metavar="FILE", help="Keys of the record, as YAML or JSON."),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="KEY", help="Take a key out.")
    ] = None,
    message: MessageOption = None,
    json: JsonOption = False,
) -> None:
    """Change a prompt's record as its next version; comments and the rest of the file stay."""
    from promptops.format import CannotEdit, CannotWrite, edit

    out = Output(json)
    address = addresses.bare_prompt(given)
    changes = changes_of(values or (), from_file, unset or ())
    with connect(ctx) as server:
        base = read_text(server, address)
        try:
            text = edit(base.text, changes)
        except (CannotEdit, CannotWrite) as error:
            raise BadInput(str(error), remedy="use promptops prompt edit") from None
        made = put_text(
            server,
            address,
            text.encode(),
            parent=base.number,
            message=message,
            source=str(address),
        )
        told = _record(server, address, None)
    out.json({**made, "complete": told["complete"], "findings": told["findings"]})
    if made["version"] == base.number:
        out.line(f"{address} says this already: version {base.number}.")
    else:
        out.line(f"{address} is version {made['version']} now, made from version {base.number}.")
    lacking = sum(f["severity"] == "error" for f in told["findings"])
    if lacking and not json:
        note(f"its record is incomplete, {lacking} to do: promptops record check {address}")


def _record(server: Session, address: Address, tier: str | None) -> dict[str, Any]:
    path = address.path + addresses.selector_text(address.selector)
    told: dict[str, Any] = server.get(api("projects", address.project, "record", path), tier=tier)
    return told


def _warnings(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in told["findings"] if finding["severity"] == "warning"]


def _check_disk(path: Path, tier: Any) -> list[dict[str, Any]]:
    from promptops.lint.walk import targets

    try:
        told = [check_file(target, tier) for target in targets([path])]
    except FileNotFoundError as error:
        raise BadInput(f"there is no {error.args[0]}") from None
    if not told:
        raise BadInput(
            f"there are no prompt files in {path}",
            remedy="they end with .prompt.yml or .prompt.yaml",
        )
    return told
