"""Following an environment in Redis: the projection's keys, its channel, and healing what was
missed.

Owns the key names on the reading side, the order subscribe → read → read again, and turning
failures into plain sentences. Leaves what the content means to `verify`: Redis is the truth for
nothing. One server, a set watched by Sentinels or a cluster, by URL (`redis_address`). `redis` is
imported when a connection is made.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from promptops.delivery import strict
from promptops.delivery.header import LIVE, Header, Position, parse_entry
from promptops.delivery.redis_address import parse_redis_url
from promptops.delivery.redis_client import master_of, open_client
from promptops.delivery.source import (
    Alive,
    Event,
    Head,
    Malformed,
    Missing,
    Pace,
    Reset,
    SnapshotDocument,
    Step,
    step_from_value,
)
from promptops.delivery.trust import KeyDocument
from promptops.errors import InvalidHeader, SourceError

if TYPE_CHECKING:
    import redis

POLL = 2.0
"""Seconds between two looks at `state`, which heal a nudge that was lost."""

MASTER_POLL = 10.0
"""Seconds between two questions to the Sentinels who the master is: one that was cut off with us still answers."""

_ANSWER = 5.0
_LOG_LENGTH = 500
_BATCH = 500
_TORN_READS = 20


RECEIPT_SECONDS = 60
"""How long a receipt stays in Redis; whoever reads it tells its age by the time it has left."""


def key_prefix(project: str, environment: str) -> str:
    """What every key of an environment begins with; the braces keep them on one node of a cluster."""
    return f"promptops:{{{project}/{environment}}}:"


class RedisSource:
    """One project's environment in one Redis."""

    speaks_for_the_server = False

    def __init__(
        self,
        url: str,
        project: str,
        environment: str,
        *,
        ca_file: str | None = None,
        poll: float | None = None,
        keys: Callable[[], KeyDocument | None] | None = None,
    ) -> None:
        self._address = parse_redis_url(url).with_files(ca_file)
        self._name = f"{project}/{environment}"
        self._prefix = key_prefix(project, environment)
        self._poll_every = POLL if poll is None else poll
        self._keys = keys
        self._client: redis.Redis | None = None
        self._pubsub: Any = None
        self._closed = False
        self._last_header = b""
        self._generation = ""
        self._pace = Pace()

    @property
    def where(self) -> str:
        return self._address.shown

    def events(self, held: Callable[[], Position | None]) -> Iterator[Event]:
        import redis

        try:
            yield from self._follow(held)
        except (redis.RedisError, OSError, ValueError) as error:
            # A connection closed under a waiting read shows as ValueError or OSError.
            if self._closed:
                return
            self._failed(error)

    def snapshot(self) -> SnapshotDocument:
        import redis

        try:
            for _ in range(_TORN_READS):
                before = self._read_state()
                if before is None:
                    raise SourceError("unknown-environment", self._nothing())
                document = self._read_whole(*before)
                if self._read_state() == before:
                    return document
        except (redis.RedisError, OSError) as error:
            self._failed(error)
        raise SourceError("bad-answer", f"{self.where} changes faster than it can be read")

    def artifacts(self, digests: Sequence[str]) -> dict[str, str]:
        import redis

        try:
            return self._read_artifacts(digests)
        except (redis.RedisError, OSError) as error:
            self._failed(error)

    def keys(self) -> KeyDocument | None:
        return None if self._keys is None else self._keys()

    def report(self, follower: str, receipt: str) -> Pace | None:
        import redis

        client = self._client
        if client is None or self._closed:
            raise SourceError("unreachable", f"there is no connection to {self.where}")
        key, channel = f"{self._prefix}receipt:{follower}", self._prefix + "receipts"
        kept: Any
        try:
            if self._address.kind == "cluster":  # whose pipelines take no PUBLISH
                client.set(key, receipt, ex=RECEIPT_SECONDS)
                with contextlib.suppress(redis.ResponseError):
                    client.publish(channel, follower)
                return self._pace
            pipe = client.pipeline(transaction=False)
            pipe.set(key, receipt, ex=RECEIPT_SECONDS)
            pipe.publish(channel, follower)
            kept, _ = pipe.execute(raise_on_error=False)  # untold, it is found a little later
        except (redis.RedisError, OSError) as error:
            self._failed(error)
        if isinstance(kept, redis.exceptions.NoPermissionError):
            self._failed(kept)
        if isinstance(kept, Exception):
            slowly = isinstance(kept, redis.ResponseError)
            raise SourceError(
                "bad-answer", f"{self.where} took no receipt ({kept})", retry_slowly=slowly
            )
        return self._pace

    def close(self) -> None:
        self._closed = True
        pubsub, client = self._pubsub, self._client
        if pubsub is not None and pubsub.connection is not None:
            with contextlib.suppress(Exception):
                pubsub.connection.disconnect()  # shuts the socket down, which wakes the reader
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def _connected(self) -> redis.Redis:
        if self._client is None:
            options: dict[str, Any] = {"client_name": "promptops-follower"}
            if not self._address.url.startswith("unix:"):
                options["socket_keepalive"] = True
            self._client = open_client(
                self._address,
                timeout=_ANSWER,
                connect_timeout=_ANSWER,
                attempts=0,  # the follower decides when to try again
                **options,
            )
        return self._client

    def _follow(self, held: Callable[[], Position | None]) -> Iterator[Event]:
        client: Any = self._connected()
        pubsub = self._pubsub = client.pubsub()
        pubsub.subscribe(self._prefix + "nudge")
        answered = pubsub.get_message(timeout=_ANSWER)
        if answered is None or answered["type"] != "subscribe":
            raise SourceError("timed-out", f"{self.where} did not confirm the subscription")
        next_look, pinged = 0.0, False
        master, next_master = master_of(client), time.monotonic() + MASTER_POLL
        while not self._closed:
            now = time.monotonic()
            if now >= next_look:
                if pinged:
                    raise SourceError("timed-out", f"{self.where} left the subscription unanswered")
                if master is not None and now >= next_master:
                    if master_of(client) != master:
                        raise SourceError("unreachable", f"{self.where} has another master now")
                    next_master = now + MASTER_POLL
                yield from self._look(held)
                pubsub.ping()
                pinged, next_look = True, time.monotonic() + self._poll_every
            message = pubsub.get_message(timeout=max(0.001, next_look - time.monotonic()))
            if message is None:
                continue
            pinged = False  # any message shows that the subscription's connection lives
            if message["type"] == "message":
                yield from self._nudged(message["data"], held)

    def _look(self, held: Callable[[], Position | None]) -> Iterator[Event]:
        """Tell the head, then the way to it from the position held."""
        state = self._read_state()
        if state is None:
            self._last_header = b""
            yield Missing(self._nothing())
            return
        raw, self._generation = state
        try:
            header = Header.from_json(raw, "state.header")
        except InvalidHeader as error:
            yield Malformed(str(error))
            return
        if raw == self._last_header and held() == header.position:
            yield Alive()
            return
        self._last_header = raw
        yield Head(header)
        yield from self._way_to(header.position, held)

    def _way_to(self, head: Position, held: Callable[[], Position | None]) -> Iterator[Event]:
        start = held()
        if start is None or start >= head:
            return
        if start.epoch != head.epoch or head.release - start.release > _LOG_LENGTH:
            yield Reset(f"{start} is too far from {head}")
            return
        names = [f"{head.epoch}-{n}" for n in range(start.release + 1, head.release + 1)]
        found: Any = self._connected().hmget(self._prefix + "log", names)
        if None in found:
            yield Reset(f"the log no longer reaches back to {start}")
            return
        for raw in found:
            try:
                header = Header.from_json(raw, "log")
            except InvalidHeader as error:
                yield Malformed(str(error))
                return
            yield Step(header, {})
            if held() != header.position:
                return  # refused, or replaced by a snapshot: the next look begins anew

    def _nudged(self, data: bytes, held: Callable[[], Position | None]) -> Iterator[Event]:
        try:
            value = strict.mapping(strict.load_json(data, "nudge"), "nudge")
            step = step_from_value(value, "nudge") if "header" in value else None
        except InvalidHeader as error:
            yield Malformed(str(error))
            return
        start = held()
        if (
            step is not None
            and start is not None
            and step.header.position <= (start.epoch, start.release + 1)
        ):
            yield step
        else:
            yield from self._look(held)

    def _read_state(self) -> tuple[bytes, str] | None:
        fields = ["header", "generation", "pace_ms"]
        found: Any = self._connected().hmget(self._prefix + "state", fields)
        raw, generation, pace = found
        self._pace = _pace(pace)
        if raw is None or generation is None:
            return None
        return raw, generation.decode("utf-8", "replace")

    def _read_whole(self, raw: bytes, generation: str) -> SnapshotDocument:
        self._generation = generation
        header = Header.from_json(raw, "state.header")
        listed: Any = self._connected().hgetall(f"{self._prefix}entries:{generation}")
        entries = tuple(
            parse_entry(strict.load_json(text, "entry"), f"entries[{strict.show(path)}]")
            for path, text in listed.items()
        )
        wanted = [entry.digest for entry in entries if entry.state == LIVE]
        return SnapshotDocument(header, entries, self._read_artifacts(wanted))

    def _read_artifacts(self, digests: Sequence[str]) -> dict[str, str]:
        key = f"{self._prefix}artifacts:{self._generation}"
        found: dict[str, str] = {}
        for start in range(0, len(digests), _BATCH):
            batch = list(digests[start : start + _BATCH])
            texts: Any = self._connected().hmget(key, batch)
            for digest, text in zip(batch, texts, strict=True):
                if text is not None:
                    # Bytes that are not UTF-8 become other text, which then has another digest.
                    found[digest] = text.decode("utf-8", "replace")
        return found

    def _nothing(self) -> str:
        return f"{self.where} holds nothing for {self._name}; the server writes it anew when it is there"

    def _failed(self, error: Exception) -> NoReturn:
        import redis

        if isinstance(error, redis.AuthenticationError):
            raise SourceError(
                "token-refused",
                f"{self.where} refused user or password; check PROMPTOPS_REDIS_URL",
                retry_slowly=True,
            ) from None
        if isinstance(error, redis.exceptions.NoPermissionError):
            raise SourceError(
                "not-allowed",
                f"{self.where} does not let this Redis user do what following {self._name} takes "
                f"({error}); an operator gives the rights with promptops-server redis acl",
                retry_slowly=True,
            ) from None
        if isinstance(error, redis.TimeoutError):
            raise SourceError("timed-out", f"{self.where} did not answer in time") from None
        raise SourceError("unreachable", f"{self.where} cannot be reached: {error}") from None


def _pace(text: bytes | None) -> Pace:
    """What the server wrote about how often to report, within sense."""
    if text is None or not text.isdigit():
        return Pace()
    return Pace(min(60.0, int(text[:9]) / 1000))
