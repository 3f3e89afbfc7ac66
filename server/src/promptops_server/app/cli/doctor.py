"""`promptops-server doctor`: is everything in place, and where does each setting come from?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    RedisOption,
    one_line_failures,
    settings_of,
)

_MARKS = {"ok": ("ok", "green"), "advice": ("advice", "yellow"), "failed": ("FAILED", "red")}


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    app.command("doctor")(run)


def run(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
    host: Annotated[str | None, typer.Option("--host")] = None,
    port: Annotated[int | None, typer.Option("--port")] = None,
    logs: Annotated[
        bool,
        typer.Option("--logs", help="Also hold every audit entry against the checkpoint file."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this machine and explain every setting; exit code 1 when a check fails.

    Example: promptops-server doctor --data .promptops
    """
    from promptops_server.app.diagnosis import diagnose
    from promptops_server.infra import logging

    with one_line_failures():
        settings = settings_of(
            config,
            data_dir=data,
            database__url=database_url,
            redis__url=redis_url,
            host=host,
            port=port,
        )
        logging.configure("error", settings.log.format)
        findings = diagnose(settings, logs=logs)
    failed = any(finding.level == "failed" for finding in findings)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "ok": not failed,
                    "checks": [asdict(finding) for finding in findings],
                    "settings": [asdict(setting) for setting in settings.explain()],
                    "config_file": str(settings.config_file) if settings.config_file else None,
                },
                indent=2,
            )
        )
    else:
        for finding in findings:
            word, color = _MARKS[finding.level]
            typer.echo(f"{typer.style(f'{word:8}', fg=color)}{finding.check:16}{finding.text}")
        typer.echo("\nSettings (a variable is PROMPTOPS_ and the name in capitals, '.' as '_'):")
        for setting in settings.explain():
            typer.echo(f"  {setting.name} = {setting.value or '-'}  [{setting.source}]")
            typer.echo(f"      {setting.description}")
    raise typer.Exit(1 if failed else 0)
