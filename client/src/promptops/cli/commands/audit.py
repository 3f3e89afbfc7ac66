"""`audit log`, `export` and `verify`: what happened, by whom and why, and that nobody has changed it since."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput, Failure, Refused
from promptops.cli.output import JsonOption, Output, cell, note, visible, when, write
from promptops.cli.session import Session, api, connect

app = group("The audit log.")


@command(
    app,
    "log",
    [
        "promptops audit log --project retail-bank --limit 20",
        "promptops audit log -p retail-bank --action 'release.*' --actor anna --since 2026-01-01",
        "promptops audit log -p retail-bank --object 'retail-bank/claims/*' --outcome denied",
        "promptops audit log -p retail-bank --follow",
        "promptops audit log --json > installation.json",
    ],
)
def log(
    ctx: typer.Context,
    project: Annotated[
        str | None,
        typer.Option("--project", "-p", help="Its log; without it, the installation's."),
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only by this user.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="For example prompt.put, or 'release.*'.")
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            "--object", metavar="ADDRESS", help="Only about this; 'bank/claims/*': below."
        ),
    ] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="ok, denied or failed.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="Only in this environment.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Not what was before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Not what was at or after it.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Then go on with what happens, oldest first.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show events, newest first; with --follow oldest first, and on as they happen, until Ctrl-C."""
    out = Output(json)
    asked = {
        "project": project, "actor": actor, "action": action, "object": about, "outcome": outcome,
        "environment": environment, "since": since, "until": until,
    }  # fmt: skip
    if follow and until is not None:
        raise BadInput("--follow has no end: leave out --until")
    with connect(ctx) as server:
        begin = _newest(server, project) if follow else 0
        found = list(server.pages(api("audit", "events"), at_most=limit, **asked))
        if follow:
            _follow(server, asked, found, begin, as_json=json)
            return
    out.json({"items": found})
    out.table(
        ("#", "WHEN", "WHO", "ACTION", "OBJECT", "OUTCOME", "REASON"),
        (_row(item) for item in found),
        "Nothing is recorded that matches.",
    )


def _follow(
    server: Session,
    asked: dict[str, str | None],
    found: list[dict[str, Any]],
    begin: int,
    *,
    as_json: bool,
) -> None:
    """Print what was found, oldest first, and go on from there: a line each."""
    from json import dumps

    from promptops.cli.following import follow

    # `begin` was asked for before the list, so no event falls in between.
    after = max(begin, found[0]["seq"] if found else 0)
    given = {name: value for name, value in asked.items() if name != "since"}
    try:
        for item in chain(reversed(found), follow(server, given, after)):
            if as_json:
                text = dumps(item, ensure_ascii=False)
            else:
                text = "  ".join(
                    " ".join(visible(cell(part)).split()) or "-" for part in _row(item)
                )
            write(sys.stdout, text + "\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _newest(server: Session, project: str | None) -> int:
    found = server.get(api("audit", "events"), project=project, limit=1)["items"]
    return int(found[0]["seq"]) if found else 0


def _row(item: dict[str, Any]) -> tuple[Any, ...]:
    return (
        item["seq"],
        when(item["recorded_at"]),
        item["actor"]["name"],
        item["action"],
        _object(item),
        item["outcome"],
        item.get("reason"),
    )


@command(
    app,
    "export",
    [
        "promptops audit export --project retail-bank -o retail-bank.jsonl",
        "promptops audit export --installation --since 2026-01-01T00:00:00Z -o 2026.jsonl",
        "promptops audit export -p retail-bank --format cef -o retail-bank.cef",
    ],
)
def export(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to.")],
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Export this project's log.")
    ] = None,
    installation: Annotated[
        bool, typer.Option("--installation", help="Export the installation's log.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Not what was before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Not what was at or after it.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl, which can be checked, or cef for a SIEM.")
    ] = "jsonl",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a log to a file that `audit verify` checks without the server. The export is audited."""
    if form not in ("jsonl", "cef"):
        raise BadInput(f"--format {form!r} is neither jsonl nor cef")
    if (project is None) != installation:
        raise BadInput("say which log: --project NAME, or --installation")
    try:
        with output.open("wb" if force else "xb") as file, connect(ctx) as server:
            server.stream(
                api("audit", "exports"),
                {"project": project, "since": since, "until": until, "format": form},
                file,
            )
    except FileExistsError:
        raise Refused(
            f"{output} exists already", remedy="choose another name, or say --force"
        ) from None
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from None
    except Failure:
        if not output.stat().st_size:
            output.unlink()
        raise
    Output(json).json({"file": str(output), "bytes": output.stat().st_size})
    if not json and form == "jsonl":
        note(f"{output}; check it with: promptops audit verify {output}")


@command(
    app,
    "verify",
    [
        "promptops audit verify retail-bank.jsonl --trust-key installation.pub",
        "promptops audit verify retail-bank.jsonl --checkpoints audit-checkpoints.jsonl --json",
    ],
)
def verify(
    export_file: Annotated[Path, typer.Argument(metavar="FILE", help="What `audit export` wrote.")],
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            "--checkpoints", metavar="FILE", help="Checkpoints kept outside the database."
        ),
    ] = None,
    trust_key: Annotated[
        str,
        typer.Option("--trust-key", metavar="KEY|FILE", help="Base64 or hex, or a file of such."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Check an exported log, without a server. Exit code 1 when something is broken."""
    from promptops.audit.verify import NotAnExport
    from promptops.cli import verifying

    out = Output(json)
    try:
        verdict = verifying.check(export_file, checkpoints, trust_key)
    except NotAnExport as error:
        raise BadInput(f"{export_file} is no audit export: {error}") from None
    out.json(verdict.to_value())
    for text in verifying.summary(verdict):
        out.line(text)
    for text in verdict.notes:
        note(f"note: {text}")
    if not verdict.ok:
        raise Refused(f"the log is broken, first at entry {verdict.first_broken}")


@command(
    app,
    "erase-person",
    ["promptops audit erase-person anna --reason 'Request of 3 May, ticket DP-12' --yes"],
)
def erase_person(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    reason: Annotated[str, typer.Option("--reason", help="On whose request; it is recorded.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Erase a person's name, addresses and e-mail, in the account and beside the logs. There is no way back.

    The logs can be verified as before. For administrators; refused while a legal hold is in force.
    """
    out = Output(json)
    if not yes:
        if not somebody_is_there():
            raise BadInput("there is no terminal to ask", remedy="say --yes")
        confirm(f"Erase {name} for good?")
    with connect(ctx) as server:
        done = server.post(api("users", name, "erasure"), {"reason": reason})
    out.json(done)
    out.line(f"{name} is {done['name']} from now on.")
    if done["pending"] and not json:
        note(
            "the logs' part waits: the server's database role may not delete (database.maintenance_url)"
        )


def _object(item: dict[str, Any]) -> str:
    about = item["object"]
    where = f" in {item['environment']}" if item.get("environment") else ""
    version = f"@{about['version']}" if about.get("version") else ""
    return f"{about['id']}{version}{where}"
