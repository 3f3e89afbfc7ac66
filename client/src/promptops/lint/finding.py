"""One finding: which rule, what is wrong, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promptops.format.problem import Severity


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A finding in a file. `line` and `column` count from 1, in characters; they order findings.

    `rule` is a rule's id, or `parse/CODE` for a problem that only the parser knows.
    """

    file: str
    line: int
    column: int
    rule: str
    severity: Severity
    message: str
    fix: str

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON members, in the order in which people read it."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "fix": self.fix,
        }
