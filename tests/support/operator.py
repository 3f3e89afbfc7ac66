"""The operator's commands, run warm, with what they printed."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import warm

_numbers = itertools.count()


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed on both channels."""

    code: int
    text: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.text[self.text.index("{") :])


def operate(folder: Path, *words: object) -> Said:
    """``promptops-server`` with these words; its output is kept in `folder`."""
    log = folder / f"operator-{next(_numbers)}.log"
    code = warm.server([str(word) for word in words], log=log).wait(120)
    return Said(code, log.read_text())
