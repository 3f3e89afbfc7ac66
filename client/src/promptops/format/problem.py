"""One thing wrong with a prompt file, and where: a value for every check that reports to people.

Owns the shape of a problem and how a key path is written. What is checked lives in the checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]
KeyPath: TypeAlias = tuple[str | int, ...]

_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding in a file. `line` and `column` count from 1, in characters.

    `code` is stable and meant for programs; `message` says what is wrong; `key` is the key path
    (`messages[1].content`, "" for the whole file); `fix` says what to do, or is "".
    """

    severity: Severity
    code: str
    message: str
    key: str
    line: int
    column: int
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON members, in the order of the fields."""
        return {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "key": self.key,
            "line": self.line,
            "column": self.column,
            "fix": self.fix,
        }

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: {self.severity}"
        key = f" {self.key}:" if self.key else ""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{where}:{key} {self.message}{fix}"


def key_text(path: Iterable[str | int]) -> str:
    """Write a key path: `messages[1].content`, `inputs["user.name"].type`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _SIMPLE_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text
