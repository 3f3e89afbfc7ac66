"""Findings as workflow commands: GitHub Actions shows them beside the lines of a pull request."""

from __future__ import annotations

from .result import Result


def lines(result: Result) -> list[str]:
    """One command per finding."""
    written = []
    for found in result.findings:
        place = f"file={_property(found.file)},line={found.line},col={found.column}"
        text = f"{found.message}\nfix: {found.fix}" if found.fix else found.message
        title = _property(f"promptops lint: {found.rule}")
        written.append(f"::{found.severity} {place},title={title}::{_data(text)}")
    return written


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
