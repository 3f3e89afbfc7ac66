"""The user's command line, `promptops`.

Owns the way in: which failure becomes which exit code (0 ok, 1 refused or failed check, 2 bad
input, 3 cannot reach the server, 130 interrupted) and that nobody sees a traceback unless they ask
with `--debug`. The commands are in `commands`, one file per group.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from promptops.cli.failures import (
    EXIT_BAD_INPUT,
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_REFUSED,
    Failure,
)

__all__ = ["main", "run"]


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Failures are written to stderr, never raised."""
    from promptops.cli import output

    as_json = "--json" in arguments
    try:
        return _invoke(arguments)
    except Failure as failure:
        output.report_failure(failure.document, as_json=as_json)
        return failure.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_BROKEN_PIPE
    except Exception as error:
        return _unexpected(error, arguments, as_json)


def _invoke(arguments: Sequence[str]) -> int:
    import typer

    from promptops.cli.app import app

    command: Any = typer.main.get_command(app)
    try:
        result = command.main(list(arguments), prog_name="promptops", standalone_mode=False)
    except typer.Abort:
        return EXIT_INTERRUPTED
    except SystemExit as done:
        # Typer leaves this way when a reader of its own help text went away.
        _silence_stdout()
        return done.code if isinstance(done.code, int) else EXIT_REFUSED
    # With standalone_mode off, a number is the code of a typer.Exit; commands return nothing.
    return result if isinstance(result, int) else EXIT_OK


def _unexpected(error: Exception, arguments: Sequence[str], as_json: bool) -> int:
    from promptops.cli import output

    if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command
        output.write(sys.stderr, f"{error}\n")
        return EXIT_BAD_INPUT
    usage = _usage_document(error)
    if usage is not None:
        output.report_failure(usage, as_json=as_json)
        return EXIT_BAD_INPUT
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
        return EXIT_REFUSED
    document = {
        "type": "urn:promptops:problem:unexpected",
        "title": "Unexpected error",
        "detail": f"{type(error).__name__}: {error}",
        "remedy": "run the same with `promptops --debug …` to see where, and report it",
    }
    output.report_failure(document, as_json=as_json)
    return EXIT_REFUSED


def _usage_document(error: Exception) -> dict[str, Any] | None:
    """A problem document for Typer's complaint about the command line; None for anything else.

    Its exception classes moved between Typer's versions, so they are known by what they have.
    """
    describe = getattr(error, "format_message", None)
    if describe is None or not hasattr(error, "exit_code"):
        return None
    document = {
        "type": "urn:promptops:problem:usage",
        "title": "The command line is not understood",
        "detail": str(describe()),
    }
    context = getattr(error, "ctx", None)
    if context is not None:
        document["remedy"] = f"see `{context.command_path} --help`"
    return document


def _silence_stdout() -> None:
    """Nobody reads stdout any more: keep the interpreter from complaining about it at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
