"""`promptops-server worker`: background work without HTTP, as many as wanted on one PostgreSQL."""

from __future__ import annotations

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
    app.command("worker")(run)


def run(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
) -> None:
    """Run jobs, the outbox and the reconciler until Ctrl-C. The server does this itself; workers add to it.

    Example: promptops-server worker --database-url postgresql://promptops@db/promptops --redis-url redis://cache
    """
    with one_line_failures():
        settings = settings_of(
            config, data_dir=data, database__url=database_url, redis__url=redis_url
        )
        from promptops_server.app.up import work

        work(settings)
