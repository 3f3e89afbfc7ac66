"""`promptops-server restore`: a backup becomes the installation, in a new epoch."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from promptops_server.app.cli.backup import FileArgument, JsonOption
from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    RedisOption,
    one_line_failures,
    settings_of,
)
from promptops_server.app.cli.passphrase import PassphraseOption, passphrase_of
from promptops_server.app.cli.progress import progress


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    app.command("restore")(run)


def run(
    file: FileArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
    passphrase_file: PassphraseOption = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Also into a target that is not empty: its files are set aside, its PostgreSQL tables are dropped.",
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is kept in the audit log.")
    ] = "Restored from a backup",
    as_json: JsonOption = False,
) -> None:
    """Restore the backup FILE into an empty data directory or PostgreSQL database; no server may run on it.

    A new epoch begins, so that applications take the restored state although its numbers are lower than theirs.

    Example: promptops-server restore /backup/monday.promptops --data /srv/promptops
    """
    from promptops_server.app.keeping.errors import CannotKeep
    from promptops_server.app.keeping.restore import described, restore_backup
    from promptops_server.infra import logging
    from promptops_server.releases.model import check_reason

    with one_line_failures():
        settings = settings_of(
            config, data_dir=data, database__url=database_url, redis__url=redis_url
        )
        logging.configure("error", settings.log.format)
        check_reason(reason)
        if not file.is_file():
            raise CannotKeep(f"There is no file {file}.")
        passphrase = passphrase_of(passphrase_file, new=False)
        tell, end = progress(quiet=as_json)
        try:
            restored = restore_backup(
                settings, file, passphrase, replace=replace, reason=reason, on_progress=tell
            )
        finally:
            end()
    if as_json:
        typer.echo(json.dumps(described(restored), indent=2))
        return
    done = restored.finished
    typer.echo(
        f"Restored in {restored.seconds:.1f} s: everything acknowledged before {restored.snapshot_at}. "
        f"Epoch {done.epoch} has begun in {done.environments} environments."
    )
    typer.echo("Lost is what came after, and what was taken back after it is in force again:")
    typer.echo("  revoked tokens, roles and accounts, approvals; look through the newest of them.")
    for lost in done.given_up:
        typer.echo(f"  {lost}")
    for told in done.logs_behind:
        typer.echo(f"  {told}")
    if restored.set_aside:
        typer.echo(f"What was there before lies in {restored.set_aside}.")
    if restored.settings_file:
        typer.echo(
            f"The settings of the backup lie in {restored.settings_file}: rename it if they are to count."
        )
    if not settings.is_sqlite:
        typer.echo("If the server's role does not own the tables: migrate --app-role NAME.")
