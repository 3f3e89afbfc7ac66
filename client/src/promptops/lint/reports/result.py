"""What a run found, as every report takes it."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.format.problem import Severity

from ..finding import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of a run over `files` files, sorted, and how many comments suppressed."""

    findings: tuple[Finding, ...]
    files: int
    suppressed: int = 0

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)


def counted(number: int, what: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
