"""Where things are in Redis: key names, limits, and the texts put there. The contract is docs/delivery-protocol.md.

No I/O. Scripts over these keys are in `scripts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promptops.delivery.header import Header, Position
from promptops.delivery.strict import compact_json

LOG_LENGTH = 500
"""Releases kept in the log; a follower further behind takes a snapshot."""

NUDGE_LIMIT = 64 * 1024
"""Bytes of a nudge that carries the release itself; above, it only names the position."""


@dataclass(frozen=True, slots=True)
class Names:
    """The keys of one project and environment. The braces make them one hash slot in a cluster."""

    prefix: str

    @classmethod
    def of(cls, project: str, environment: str) -> Names:
        """The names for this environment."""
        return cls(f"promptops:{{{project}/{environment}}}:")

    @property
    def state(self) -> str:
        """Hash: header, epoch, release, generation; also the statement's hash and `as_of`, for our own checks."""
        return f"{self.prefix}state"

    @property
    def log(self) -> str:
        """Hash: position → header of the newest releases."""
        return f"{self.prefix}log"

    @property
    def nudge(self) -> str:
        """The channel."""
        return f"{self.prefix}nudge"

    def entries(self, generation: str) -> str:
        """Hash: path → entry."""
        return f"{self.prefix}entries:{generation}"

    def artifacts(self, generation: str) -> str:
        """Hash: digest → artifact text."""
        return f"{self.prefix}artifacts:{generation}"

    def new_log(self, generation: str) -> str:
        """The log of a generation that is still being built."""
        return f"{self.prefix}log:{generation}"


def nudge_text(header: Header, artifacts: Mapping[str, str] | None) -> str:
    """What is published for a release: itself when it is small (`artifacts` given), else where it is."""
    if artifacts is not None:
        whole = compact_json({"header": header.to_value(), "artifacts": dict(artifacts)})
        if len(whole.encode()) <= NUDGE_LIMIT:
            return whole
    return position_text(header.position)


def position_text(position: Position) -> str:
    """`{"epoch":…,"release":…}`."""
    return compact_json({"epoch": position.epoch, "release": position.release})
