"""`promptops-server`, the operator's command: one file per subcommand.

Exit codes: 0 fine, 1 a check failed, 2 it could not be done; the reason is one line on standard error.
"""

from __future__ import annotations

import typer

from promptops_server.app.cli import (
    backup,
    doctor,
    epoch,
    keys,
    migrate,
    redis,
    restore,
    token,
    up,
    worker,
)

app = typer.Typer(
    name="promptops-server",
    help="Run and look after a PromptOps server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (up, worker, migrate, doctor, token, epoch, keys, redis, backup, restore):
    part.add_to(app)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    """Run and look after a PromptOps server."""
    if version:
        from promptops_server import __version__

        typer.echo(f"promptops-server {__version__}")
        raise typer.Exit


def main() -> None:
    """The console script."""
    app()
