"""`promptops-server migrate`: bring the database to the schema of this version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    fail,
    one_line_failures,
    settings_of,
)

if TYPE_CHECKING:
    from promptops_server.infra.database import Database


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
    app_role: Annotated[
        str | None,
        typer.Option(
            "--app-role",
            metavar="NAME",
            help="PostgreSQL: give this role what the server needs; it can only add to the audit log.",
        ),
    ] = None,
    show_sql: Annotated[
        bool, typer.Option("--sql", help="With --app-role: print its statements, execute none.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version.

    Example: promptops-server migrate --database-url postgresql://owner@db/promptops --app-role promptops
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
            if app_role is not None and db.is_sqlite:
                fail("--app-role is for PostgreSQL: SQLite knows no roles")
            if not show_sql:
                done = migrate.upgrade(db)
            elif app_role is None:
                fail("--sql goes with --app-role")
            if app_role is not None:
                _grant(db, app_role, show_sql=show_sql)
        finally:
            db.close()
    if show_sql:
        return
    typer.echo(f"Applied: {', '.join(done)}" if done else "The database is up to date.")


def _grant(db: Database, role: str, *, show_sql: bool) -> None:
    from sqlalchemy import inspect

    from promptops_server.app.database_role import grant_to, grants

    try:
        with db.engine.begin() as conn:
            if show_sql:
                tables = inspect(conn).get_table_names()
                for statement in grants(tables, role, str(db.url.database)):
                    typer.echo(f"{statement};")
                return
            grant_to(conn, role)
    except ValueError as error:
        fail(str(error))
    typer.echo(
        f"Granted to {role}: everything a server needs; of the audit log to read and to add."
    )
