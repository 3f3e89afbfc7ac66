"""Where Redis stands against SQL, and what follows from it. Pure decisions; `projection` acts on them.

Redis is the truth for nothing, so whatever it holds may be written anew, with two exceptions that are evidence:
a statement that our own key signed and SQL does not know (the database was set back), and a state that
another installation keeps up. Both are reported instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from promptops.delivery.header import Header, Position
from promptops.errors import InvalidHeader
from promptops_server.delivery.layout import LOG_LENGTH
from promptops_server.delivery.store import Facts

Verdict = Literal["current", "behind", "rebuild", "ahead", "foreign"]
Origin = Literal["ours", "foreign", "nobody"]

WAY_ON = (
    "Restore a newer backup, or let the database's state count: `promptops-server epoch --accept`."
)


class Seen(NamedTuple):
    """What Redis says it holds, as the texts found there; empty texts for what is missing."""

    epoch: str = ""
    release: str = ""
    hash: str = ""
    generation: str = ""

    @property
    def position(self) -> Position | None:
        """The position, or None when there is none or it cannot be read."""
        if not (self.generation and self.hash):
            return None
        try:
            return Position(int(self.epoch), int(self.release))
        except ValueError:
            return None

    @property
    def nothing(self) -> bool:
        """Whether Redis holds no state at all."""
        return not any(self)


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict and why, in words an operator can act on."""

    verdict: Verdict
    reason: str = ""


def origin_of(
    header_text: str, facts: Facts, installation: str | None, signed_here: Callable[[Header], bool]
) -> tuple[Origin, Header | None]:
    """Who wrote the header that Redis holds: this environment of ours, another installation, or nobody."""
    try:
        header = Header.from_json(header_text)
    except InvalidHeader:
        return "nobody", None
    statement = header.statement
    if signed_here(header):
        same = statement.environment_id == facts.id and statement.installation == installation
        return ("ours" if same else "nobody"), header
    return ("foreign" if statement.installation != installation else "nobody"), header


def judge(
    seen: Seen,
    head: Position,
    known_hash: Callable[[int], str | None],
    origin: Callable[[], tuple[Origin, Header | None]],
) -> Standing:
    """Compare what Redis holds with the head in SQL.

    `known_hash` gives SQL's statement hash of a release, None when there is no such release; `origin` says who
    wrote Redis' header (asked only when something differs, for it costs a signature check).
    """
    if seen.nothing:
        return Standing("rebuild", "empty")
    position = seen.position
    if position is not None and position <= head and known_hash(position.release) == seen.hash:
        if position == head:
            return Standing("current")
        if position.epoch != head.epoch:
            return Standing("rebuild", "epoch")
        if head.release - position.release > LOG_LENGTH:
            return Standing("rebuild", "far-behind")
        return Standing("behind")
    who, header = origin()
    if who == "foreign" and header is not None:
        return Standing(
            "foreign",
            f"Redis holds this environment for another installation ({header.statement.installation}). "
            "Give each installation a Redis, or a database number, of its own.",
        )
    if who == "ours" and header is not None:
        signed = header.position
        # What was signed in an earlier epoch than the head's was given up when an operator began that epoch.
        if signed > head or (
            signed.epoch == head.epoch and known_hash(signed.release) != header.hash
        ):
            return Standing(
                "ahead",
                f"Redis holds release {signed}, signed by this installation, but the database stands at {head} "
                f"without it: the database was set back. {WAY_ON}",
            )
        if signed.epoch < head.epoch:
            return Standing("rebuild", "epoch")
    return Standing("rebuild", "damaged")
