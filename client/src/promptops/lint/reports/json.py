"""Findings for programs. Members are added within a major version, never renamed or removed."""

from __future__ import annotations

from typing import Any

from .result import Result


def document(result: Result) -> dict[str, Any]:
    """The report as JSON members."""
    return {
        "findings": [finding.to_dict() for finding in result.findings],
        "files": result.files,
        "errors": result.count("error"),
        "warnings": result.count("warning"),
        "suppressed": result.suppressed,
    }
