"""Collecting the receipts of followers over Redis: each has a key of its own there, and tells a channel that it wrote it.

One thread. The channel makes it prompt; a scan of the keys, at the start, after every reconnect and now and then, finds
what the channel did not tell. A receipt's age is told by the time its key has left: no clock of a follower is needed.
Several servers may collect the same receipts: each counts once (`intake`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
import structlog

from promptops.delivery.source_redis import RECEIPT_SECONDS
from promptops_server.delivery import scripts, store
from promptops_server.delivery.layout import Names
from promptops_server.delivery.receipts.intake import Intake
from promptops_server.delivery.receipts.model import pace_ms
from promptops_server.delivery.receipts.read import read_receipt
from promptops_server.delivery.store import Facts
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Invalid, ProblemError

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.1
"""Receipts told of within so long are read together."""
SCAN_SECONDS = 20.0
DOWN_SECONDS = 2.0
_STOPS_WITHIN_SECONDS = 0.2
_REST = 50.0
"""After a scan so many times its length passes before the next: a Redis shared with others has many keys."""
_BATCH = 500
_UNKNOWN_SECONDS = 60.0
_PACE_SECONDS = 30.0
_PACE_SLACK = 0.2
CHANNELS = "promptops:{*}:receipts"
KEYS = "promptops:{*}:receipt:*"
_CHANNEL = re.compile(r"(promptops:\{([^/}]{1,100})/([^/}]{1,100})\}:receipt)s")
_KEY = re.compile(r"(promptops:\{([^/}]{1,100})/([^/}]{1,100})\}:receipt):([0-9a-f]{32})")
_ID = re.compile(r"[0-9a-f]{32}")


class Told(NamedTuple):
    """A receipt that is there to be read."""

    project: str
    environment: str
    follower: str
    key: str


def told_by_channel(channel: str, data: str) -> Told | None:
    """What a message on a channel tells of; None for what is not ours."""
    found = _CHANNEL.fullmatch(channel)
    if found is None or not _ID.fullmatch(data):
        return None
    return Told(found[2], found[3], data, f"{found[1]}:{data}")


def told_by_key(key: str) -> Told | None:
    """What a key tells of; None for what is not ours."""
    found = _KEY.fullmatch(key)
    return None if found is None else Told(found[2], found[3], found[4], key)


class Collector:
    """A thread of its own between `start` and `close`.

    Args:
        client: for this thread alone.
    """

    def __init__(
        self,
        db: Database,
        client: redis.Redis,
        intake: Intake,
        *,
        scan_seconds: float = SCAN_SECONDS,
    ) -> None:
        self._db = db
        self._client = client
        self._intake = intake
        self._scan_seconds = scan_seconds
        self._facts: dict[tuple[str, str], tuple[float, Facts | None]] = {}
        self._paces: dict[str, tuple[int, float]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="receipts-redis", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (redis.RedisError, OSError, ValueError) as error:
                log.debug("receipts_redis_down", error=str(error))  # the reconciler says it aloud
            except ProblemError as problem:
                log.warning("receipts_wait", reason=problem.detail)
            except Exception:
                log.exception("receipts_collecting_failed")
            self._stop.wait(DOWN_SECONDS)

    def _follow(self) -> None:
        pubsub: Any = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            pubsub.psubscribe(CHANNELS)
            next_scan = 0.0  # after the subscription: nothing falls between the two
            while not self._stop.is_set():
                if time.monotonic() >= next_scan:
                    began = time.monotonic()
                    self._scan()
                    took = time.monotonic() - began
                    next_scan = time.monotonic() + max(self._scan_seconds, _REST * took)
                told = dict.fromkeys(self._gathered(pubsub))
                if told:
                    self._take(list(told))
        finally:
            pubsub.close()

    def _gathered(self, pubsub: Any) -> Iterator[Told]:
        """What is told within a moment after the first message; nothing when none comes for a second."""
        ends = time.monotonic() + 1.0
        first = True
        while (left := ends - time.monotonic()) > 0 and not self._stop.is_set():
            message = pubsub.get_message(timeout=min(left, _STOPS_WITHIN_SECONDS))
            if message is None or message.get("type") != "pmessage":
                continue
            if first:
                first, ends = False, time.monotonic() + GATHER_SECONDS
            told = told_by_channel(str(message["channel"]), str(message["data"]))
            if told is not None:
                yield told

    def _scan(self) -> None:
        batch: list[Told] = []
        for key in self._client.scan_iter(match=KEYS, count=1000):
            told = told_by_key(str(key))
            if told is not None:
                batch.append(told)
            if len(batch) >= _BATCH:
                self._take(batch)
                batch = []
        self._take(batch)

    def _take(self, told: list[Told]) -> None:
        for start in range(0, len(told), _BATCH):
            part = told[start : start + _BATCH]
            pipe = self._client.pipeline(transaction=False)
            for one in part:
                pipe.get(one.key)
                pipe.pttl(one.key)
            found: list[Any] = pipe.execute(raise_on_error=False)
            now = now_us()
            for index, one in enumerate(part):
                self._put(one, found[2 * index], found[2 * index + 1], now)
        for name in {(one.project, one.environment) for one in told}:
            facts = self._facts_of(*name)
            if facts is not None:
                self._tell_pace(facts)

    def _tell_pace(self, facts: Facts) -> None:
        """Say where followers look anyway over how long to spread their reports, when that has changed or may be gone."""
        pace, now = pace_ms(self._intake.following(facts.id)), time.monotonic()
        told, until = self._paces.get(facts.id, (0, 0.0))
        if now < until and abs(pace - told) <= _PACE_SLACK * told:
            return
        self._paces[facts.id] = (pace, now + _PACE_SECONDS)
        scripts.PACE(self._client, [Names.of(facts.project, facts.name).state], [pace])

    def _put(self, told: Told, text: Any, left_ms: Any, now: int) -> None:
        if not isinstance(text, str) or not isinstance(left_ms, int):
            return  # gone meanwhile, or of another type
        facts = self._facts_of(told.project, told.environment)
        if facts is None:
            return
        try:
            receipt = read_receipt(text, "redis")
        except Invalid as problem:
            log.debug("receipt_not_taken", key=told.key, reason=problem.detail)
            return
        if receipt.follower != told.follower:
            return
        age_ms = min(max(0, RECEIPT_SECONDS * 1000 - left_ms), RECEIPT_SECONDS * 1000)
        self._intake.put(facts, receipt, now - age_ms * 1000)

    def _facts_of(self, project: str, environment: str) -> Facts | None:
        known = self._facts.get((project, environment))
        if known is not None and (known[1] is not None or time.monotonic() < known[0]):
            return known[1]
        with self._db.read() as conn:
            facts = store.facts_by_name(conn, project, environment)
        if len(self._facts) > 10_000:
            self._facts.clear()
        self._facts[project, environment] = (time.monotonic() + _UNKNOWN_SECONDS, facts)
        return facts
