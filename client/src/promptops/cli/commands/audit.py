"""`audit log`, `export` and `verify`: what happened, by whom and why, and that nobody has changed it since."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput, Failure, Refused
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.session import api, connect

app = group("The audit log.")


@command(
    app,
    "log",
    [
        "promptops audit log --project retail-bank --limit 20",
        "promptops audit log -p retail-bank --action 'release.*' --actor anna",
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
        str | None, typer.Option("--object", metavar="ADDRESS", help="Only about this.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Show events, newest first."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("audit", "events"),
                at_most=limit,
                project=project,
                actor=actor,
                action=action,
                object=about,
            )
        )
    out.json({"items": found})
    out.table(
        ("#", "WHEN", "WHO", "ACTION", "OBJECT", "OUTCOME", "REASON"),
        (
            (
                item["seq"],
                when(item["recorded_at"]),
                item["actor"]["name"],
                item["action"],
                _object(item),
                item["outcome"],
                item.get("reason"),
            )
            for item in found
        ),
        "Nothing is recorded that matches.",
    )


@command(
    app,
    "export",
    [
        "promptops audit export --project retail-bank -o retail-bank.jsonl",
        "promptops audit export --installation --since 2026-01-01T00:00:00Z -o 2026.jsonl",
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
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a log to a file that `audit verify` checks without the server. The export is audited."""
    if (project is None) != installation:
        raise BadInput("say which log: --project NAME, or --installation")
    try:
        with output.open("wb" if force else "xb") as file, connect(ctx) as server:
            server.stream(
                api("audit", "exports"),
                {"project": project, "since": since, "until": until},
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
    if not json:
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


def _object(item: dict[str, Any]) -> str:
    about = item["object"]
    where = f" in {item['environment']}" if item.get("environment") else ""
    version = f"@{about['version']}" if about.get("version") else ""
    return f"{about['id']}{version}{where}"
