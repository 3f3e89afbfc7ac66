"""`promptops-server migrate`: bring the database to the schema of this version."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    one_line_failures,
    settings_of,
)


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    app.command("migrate")(run)


def run(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 when something is pending.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version.

    Example: promptops-server migrate --database-url postgresql://promptops@db/promptops
    """
    from promptops_server.app import migrate
    from promptops_server.app.data_dir import prepare
    from promptops_server.infra import logging
    from promptops_server.infra.database import Database

    with one_line_failures():
        settings = settings_of(config, data_dir=data, database__url=database_url)
        logging.configure("warning", settings.log.format)
        if settings.is_sqlite:
            prepare(settings.data_dir)
        db = Database(settings.database_url, pool_size=2)
        try:
            if check:
                pending = migrate.pending(db)
                typer.echo(f"Pending: {', '.join(pending)}" if pending else "Nothing is pending.")
                raise typer.Exit(1 if pending else 0)
            done = migrate.upgrade(db)
        finally:
            db.close()
    typer.echo(f"Applied: {', '.join(done)}" if done else "The database is up to date.")
