"""`promptops-server up`: everything in one process."""

from __future__ import annotations

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


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    app.command("up")(run)


def run(
    data: DataOption = None,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port (default 8470).")] = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Load a sample workspace at the first start.")
    ] = False,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="On PostgreSQL: apply pending migrations first.")
    ] = False,
) -> None:
    """Start the server: HTTP, Git, delivery and background work, with an embedded database and Redis by default.

    Example: promptops-server up --data ./data --port 8470
    """
    with one_line_failures():
        settings = settings_of(
            config,
            data_dir=data,
            host=host,
            port=port,
            database__url=database_url,
            redis__url=redis_url,
        )
        from promptops_server.app.up import up

        up(settings, demo=demo, may_migrate=migrate)
