"""The passphrase of a backup: from a file or asked for, never from the command line, where others could read it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from promptops_server.app.cli.common import fail

SHORTEST = 12

PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="Holds the passphrase in its first line; without it, it is asked for.",
    ),
]


def passphrase_of(file: Path | None, *, new: bool) -> str:
    """The passphrase; a new one has 12 characters at least, and is asked for twice."""
    if file is not None:
        try:
            lines = file.read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            fail(f"The passphrase file {file} cannot be read: {error}.")
        found = lines[0].strip() if lines else ""
    elif sys.stdin.isatty():
        found = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True)
    else:
        fail("there is no terminal to ask for the passphrase: name a file with --passphrase-file")
    if not found or (new and len(found) < SHORTEST):
        fail(f"The passphrase has fewer than {SHORTEST} characters.")
    return found
