"""Asking before something goes live. Only a person at a terminal is asked, never a script."""

from __future__ import annotations

import sys

import typer

from promptops.cli.failures import Refused
from promptops.cli.output import is_terminal


def somebody_is_there() -> bool:
    """Whether there is a person to read a question and type an answer."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def confirm(question: str) -> None:
    """Ask; raises Refused when the answer is no."""
    if not typer.confirm(question, err=True):
        raise Refused("nothing was changed")
