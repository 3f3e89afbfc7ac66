"""How a client is doing, as one value.

Owns the value only; `client` fills it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptops.delivery.verify import Refusal


@dataclass(frozen=True)
class Health:
    """The state of a client at one moment.

    `connected`: the source answers, and the release held is its head. `epoch` and `release` are
    0 while nothing is held. `age`: seconds since the server last vouched for the release held,
    by signing it again or by answering; infinite while nothing is held. `source`: where the
    release comes from: `live` (the server or Redis confirmed it since this client started),
    `disk` (the copy on disk), `none`. `disk`: a sentence about the copy on disk. `refusals`
    counts what was not accepted; `last_refusal` says why. `last_error` is empty when all is
    well.
    """

    connected: bool
    epoch: int
    release: int
    age: float
    source: Literal["live", "disk", "none"]
    where: str
    last_error: str
    disk: str
    refusals: int
    last_refusal: Refusal | None
