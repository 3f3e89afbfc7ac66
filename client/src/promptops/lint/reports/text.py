"""Findings for people: one line each that an editor or terminal can jump to, and what to do."""

from __future__ import annotations

from .result import Result, counted


def lines(result: Result) -> list[str]:
    """The report, line by line."""
    written = []
    for found in result.findings:
        place = f"{found.file}:{found.line}:{found.column}"
        written.append(f"{place}: {found.severity} [{found.rule}] {found.message}")
        if found.fix:
            written.append(f"    fix: {found.fix}")
    silent = f" ({result.suppressed} suppressed)" if result.suppressed else ""
    if not result.findings:
        return [f"All checks passed in {counted(result.files, 'file')}.{silent}"]
    errors, warnings = result.count("error"), result.count("warning")
    total = counted(len(result.findings), "problem")
    parts = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    return [*written, f"Found {total} ({parts}) in {counted(result.files, 'file')}.{silent}"]
