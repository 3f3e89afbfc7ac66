"""`promptops-server token create`: a token, made beside a running server or before its first start."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    fail,
    one_line_failures,
    settings_of,
)


def add_to(app: typer.Typer) -> None:
    """Put the group into the tree."""
    group = typer.Typer(help="Tokens made on the server's own machine.", no_args_is_help=True)
    group.command("create")(create)
    app.add_typer(group, name="token")


def create(
    user: Annotated[str, typer.Option("--user", help="Whose token; made when new.")],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help="admin, viewer, author, reviewer, approver, publisher, auditor or delivery.",
        ),
    ],
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    project: Annotated[str | None, typer.Option("--project", help="Only this project.")] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", help="Only this environment of the project.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="WHEN", help="RFC 3339 time, or 30d, 12h, 45m."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a token and print it; it cannot be shown again.

    Example: promptops-server token create --data .promptops --user ci --role author --json
    """
    from promptops_server.app import migrate
    from promptops_server.app.data_dir import prepare
    from promptops_server.app.installation import ensure_installation
    from promptops_server.app.operator_token import create_operator_token
    from promptops_server.infra import logging
    from promptops_server.infra.database import Database

    with one_line_failures():
        settings = settings_of(config, data_dir=data, database__url=database_url)
        logging.configure("warning", settings.log.format)
        expires_at = _expiry(expires)
        if settings.is_sqlite:
            prepare(settings.data_dir)
            if not (settings.data_dir / "promptops.sqlite").exists():  # misspelt, or a first start
                typer.echo(
                    f"There was no installation in {settings.data_dir}; a new one is made.",
                    err=True,
                )
        db = Database(settings.database_url, pool_size=2)
        try:
            if migrate.pending(db):
                if not settings.is_sqlite:
                    fail("the database has not been migrated: run promptops-server migrate first")
                migrate.upgrade(db)
            ensure_installation(db)
            made = create_operator_token(
                db,
                user=user,
                role=role,
                project=project,
                environment=environment,
                expires_at=expires_at,
            )
        finally:
            db.close()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "token": made.secret,
                    "id": made.id,
                    "user": user,
                    "role": role,
                    "project": project,
                    "environment": environment,
                }
            )
        )
    else:
        typer.echo(made.secret)
        if made.user_is_new:
            typer.echo(f"The user {user} was made.", err=True)


_UNITS = {"m": 60, "h": 3600, "d": 86_400}


def _expiry(text: str | None) -> int | None:
    """Microseconds since 1970 of a time or a span from now."""
    from promptops_server.infra import clock

    if text is None:
        return None
    if text[:-1].isdigit() and text[-1] in _UNITS:
        return clock.now_us() + int(text[:-1]) * _UNITS[text[-1]] * 1_000_000
    try:
        return clock.from_text(text)
    except ValueError:
        fail(f"--expires {text!r} is neither a time like 2027-01-31T00:00:00Z nor a span like 30d")
