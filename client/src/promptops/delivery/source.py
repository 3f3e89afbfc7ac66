"""The port between the follower and a transport: what a source can be asked and what it tells.

Owns the event values and the `Source` protocol. `source_http` and `source_redis` implement it;
nothing here decides about content. A source parses what arrives and raises `SourceError` when
it cannot be reached or answers nonsense; malformed content is told as `Malformed`, so that one
bad message does not end a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from promptops.delivery.header import Entry, Header, Position, parse_entries
from promptops.delivery.strict import mapping, refuse, sequence
from promptops.delivery.trust import KeyDocument


class SnapshotDocument(NamedTuple):
    """A whole environment as received, not verified."""

    header: Header
    entries: tuple[Entry, ...]
    artifacts: Mapping[str, str]


class Head(NamedTuple):
    """The source says that this is the head now. Steps up to it, or a `Reset`, follow when it
    is ahead.
    """

    header: Header


class Step(NamedTuple):
    """One release, with the artifacts that came along."""

    header: Header
    artifacts: Mapping[str, str]


class Reset(NamedTuple):
    """The position held cannot be continued from; a snapshot is needed."""

    sentence: str


class Alive(NamedTuple):
    """The source answered and has nothing new."""


class Missing(NamedTuple):
    """The source answers but holds nothing for this environment (an emptied Redis)."""

    sentence: str


class Malformed(NamedTuple):
    """A message that does not follow the protocol."""

    sentence: str


Event = Head | Step | Reset | Alive | Missing | Malformed


class Pace(NamedTuple):
    """How often to report, in seconds: within which window after a release, and when nothing changes."""

    window: float = 0.1
    heartbeat: float = 20.0


class Source(Protocol):
    """One connection to where an environment is told. Used by one thread; only `close` and
    `report` may come from others.
    """

    @property
    def where(self) -> str:
        """The place for sentences and file names: a URL without credentials."""

    @property
    def speaks_for_the_server(self) -> bool:
        """Whether an answer shows that the server itself is there (HTTP), not only its
        projection (Redis).
        """

    def events(self, held: Callable[[], Position | None]) -> Iterator[Event]:
        """Connect and tell events until closed; `held` gives the position held at any moment.

        The first event is what the head is. Raises `SourceError` when the connection cannot be
        made or ends.
        """

    def snapshot(self) -> SnapshotDocument:
        """Fetch the whole environment. Raises `SourceError` or `InvalidHeader`."""

    def artifacts(self, digests: Sequence[str]) -> dict[str, str]:
        """Fetch these artifacts; what the source does not have is left out. Raises `SourceError`."""

    def keys(self) -> KeyDocument | None:
        """The server's key document, or None where keys cannot be had. Raises as `snapshot` does."""

    def report(self, follower: str, receipt: str) -> Pace | None:
        """Send a receipt (JSON text) of the follower of this id; how to go on, where the server says.

        May be called from a thread of its own. Raises `SourceError`, with `retry_slowly` where
        receipts are not taken.
        """

    def close(self) -> None:
        """End the connection and wake the thread that waits on it. May be called from any thread."""


def snapshot_from_value(value: object, where: str = "snapshot") -> SnapshotDocument:
    """Read `{"header", "entries", "artifacts"}` as HTTP and the copy on disk have it."""
    members = mapping(value, where)
    return SnapshotDocument(
        Header.from_value(members.get("header"), f"{where}.header"),
        parse_entries(sequence(members, "entries", where), f"{where}.entries"),
        artifacts_from_value(members.get("artifacts"), f"{where}.artifacts"),
    )


def artifacts_from_value(value: object, where: str = "artifacts") -> dict[str, str]:
    """Read a map from digest to artifact text; absent counts as empty."""
    if value is None:
        return {}
    artifacts = mapping(value, where)
    for digest, text in artifacts.items():
        if not isinstance(text, str):
            refuse(f"{where}[{digest}]", "must be text", text)
    return dict(artifacts)


def step_from_value(value: object, where: str) -> Step:
    """Read `{"header", "artifacts"}` of a release event or a nudge."""
    members = mapping(value, where)
    return Step(
        Header.from_value(members.get("header"), f"{where}.header"),
        artifacts_from_value(members.get("artifacts"), f"{where}.artifacts"),
    )
