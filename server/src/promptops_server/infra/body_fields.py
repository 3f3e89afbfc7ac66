"""Types for the text members of request bodies, checked by the rules of `plain_text`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from promptops_server.infra.plain_text import control_in


def _check(text: str, *, lines: bool) -> str:
    found = control_in(text, lines=lines)
    if found is not None:
        what = "plain text" if lines else "one line of plain text"
        raise ValueError(f"holds the character {found}; send {what}")
    return text


def _one_line(text: str) -> str:
    return _check(text, lines=False)


def _many_lines(text: str) -> str:
    return _check(text, lines=True)


Line = Annotated[str, AfterValidator(_one_line)]
"""A field of a request body: one line without control characters."""
Lines = Annotated[str, AfterValidator(_many_lines)]
"""The same with line ends and tabs."""
