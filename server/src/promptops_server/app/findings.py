"""What a check found, as `doctor` and the health of a running server tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "advice", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `failed` means the server would not start or not work."""

    check: str
    level: Level
    text: str
