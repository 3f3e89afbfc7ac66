"""Telling of the suite files that go with their prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.cli.output import Output

_SHOWN = 20


def show_carried(out: Output, files: Sequence[Mapping[str, Any]], count: int | None = None) -> None:
    """Files with their old and new names, or what is removed; `count` where there are more than are given."""
    for file in files[:_SHOWN]:
        if file["to"] is None:
            out.line(f"{file['from']} removed")
        elif file["to"] == file["from"]:
            out.line(f"{file['from']} back")
        else:
            out.line(f"{file['from']} → {file['to']}")
    more = max(count or 0, len(files)) - _SHOWN
    if more > 0:
        out.line(f"… and {more} more suites")


def show_named(out: Output, files: Sequence[str], what: str) -> None:
    """Files that were removed or are back, in one line."""
    if files:
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        out.line(f"{what}: {', '.join(files[:_SHOWN])}{more}")
