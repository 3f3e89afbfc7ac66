"""What reading a source gives: prompts, and what happened to the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from promptops.cli.failures import BadInput

MAX_FILE_BYTES = 1024 * 1024
"""A prompt file's limit; the server has the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """One prompt file. `origin` is where it was read (`prompts.csv:12`), `path` where it will stand."""

    path: str
    text: str
    origin: str
    extension: str = ".prompt.yml"

    @property
    def size(self) -> int:
        """Bytes of its text."""
        return len(self.text.encode())


@dataclass(frozen=True, slots=True)
class Renamed:
    """A prompt whose path is not the one its name asked for, and why."""

    origin: str
    wanted: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the source that is not carried over."""

    origin: str
    what: str


@dataclass(slots=True)
class Collected:
    """A source, read. `errors` are problem entries (file, line, message, fix) of what is unusable."""

    found: list[Found] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def refuse_errors(self, what: str) -> None:
        """Raise BadInput listing what cannot be used, if there is any."""
        if self.errors:
            number = len(self.errors)
            raise BadInput(
                f"{number} place{'s' if number > 1 else ''} in {what} cannot be used; nothing was sent",
                errors=self.errors,
            )
