"""What is sent at once, and what an output is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from promptops_server.audit.checkpoints import Log


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one log in its order, as they are shown, and checkpoints of it (``text, key_id, signature``)."""

    of: Log
    entries: Sequence[Mapping[str, Any]]
    checkpoints: Sequence[Mapping[str, str]]


class NotSent(Exception):
    """The receiver did not take it; the text says why. The batch is sent again later."""


class Output(Protocol):
    """A receiver."""

    @property
    def name(self) -> str:
        """What its cursor is kept under."""
        ...

    def send(self, batch: Batch) -> None:
        """Returns once the receiver has it. Raises NotSent."""
        ...
