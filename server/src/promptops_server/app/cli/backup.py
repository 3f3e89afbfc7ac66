"""`promptops-server backup`: everything of the installation in one encrypted file, beside running servers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    one_line_failures,
    settings_of,
)
from promptops_server.app.cli.passphrase import PassphraseOption, passphrase_of
from promptops_server.app.cli.progress import progress

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _MakeUnlessNamed(TyperGroup):
    """`backup FILE` is `backup make FILE`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


def add_to(app: typer.Typer) -> None:
    """Put the group into the tree."""
    group = typer.Typer(
        cls=_MakeUnlessNamed,
        no_args_is_help=True,
        help="Everything of the installation in one encrypted file, beside running servers.\n\n"
        "Example: promptops-server backup /backup/monday.promptops --data /srv/promptops "
        "--passphrase-file /etc/promptops/passphrase",
    )
    group.command("make")(make)
    group.command("verify")(verify)
    app.add_typer(group, name="backup")


def make(
    file: FileArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a backup to FILE, which must not exist; `backup FILE` is the same. Servers go on meanwhile.

    Example: promptops-server backup /backup/monday.promptops --data /srv/promptops
    """
    from promptops_server.app.keeping.backup import make_backup
    from promptops_server.infra import logging

    with one_line_failures():
        settings = settings_of(config, data_dir=data, database__url=database_url)
        logging.configure("error", settings.log.format)
        passphrase = passphrase_of(passphrase_file, new=True)
        tell, end = progress(quiet=as_json)
        try:
            made = make_backup(settings, file, passphrase, tell)
        finally:
            end()
    if as_json:
        told = asdict(made) | {"members": [member._asdict() for member in made.members]}
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(
        f"{made.file}: {made.bytes / 1e6:,.1f} MB in {made.seconds:.1f} s; "
        f"{len(made.environments)} environments, everything acknowledged before {made.snapshot_at}."
    )
    typer.echo("Without the passphrase it cannot be read: keep it apart from the file.", err=True)


def verify(
    file: FileArgument, passphrase_file: PassphraseOption = None, as_json: JsonOption = False
) -> None:
    """Read all of FILE: is it whole? With --passphrase-file also opened and counted. Exit code 1 when it is not.

    Example: promptops-server backup verify /backup/monday.promptops --passphrase-file /etc/promptops/passphrase
    """
    from promptops_server.app.keeping.verify import verify_backup

    with one_line_failures():
        passphrase = passphrase_of(passphrase_file, new=False) if passphrase_file else None
        try:
            found = verify_backup(file, passphrase)
        except OSError as error:
            from promptops_server.app.keeping.errors import CannotKeep

            raise CannotKeep(f"{file} cannot be read: {error.strerror}.") from None
    if as_json:
        typer.echo(json.dumps({"whole": True, **asdict(found)}, indent=2))
        return
    about = found.about
    typer.echo(
        f"Whole: a backup of {about['engine']} by promptops-server {about['program']}, sha256 {found.sha256}."
    )
    if found.manifest:
        typer.echo(
            f"Opened: {len(found.manifest['members'])} members; "
            f"everything acknowledged before {found.manifest['snapshot_at']}."
        )
    else:
        typer.echo("Not opened: --passphrase-file does that.", err=True)
