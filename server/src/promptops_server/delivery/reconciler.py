"""Every few seconds: is Redis where SQL is? Brings what a crash, an outage or a cleared Redis left behind.

One thread. Reads all heads with one query and Redis with one pipeline, and acts only on what differs. While Redis is
down it looks twice a second, so that everything pending arrives at once when it is back. It also signs heads again
every hour (`vouch`), with or without Redis.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import redis
import structlog

from promptops_server.delivery import store
from promptops_server.delivery.content import what_is_wrong
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.layout import Names
from promptops_server.delivery.projection import Projection, Refused
from promptops_server.delivery.rebuild import Inconsistent, OverTime
from promptops_server.delivery.standing import Seen
from promptops_server.delivery.status import Status
from promptops_server.delivery.store import Facts, Head
from promptops_server.delivery.timeline import Timeline, UnknownEnvironment
from promptops_server.delivery.vouch import VOUCH_EVERY_US, vouch
from promptops_server.infra import clock
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 2.0
DOWN_SECONDS = 0.5
DEEP_SECONDS = 60.0
_FIRST_LOOK_SECONDS = 1.0
"""Between two looks at whether the artifacts are complete, and not too many."""

_BATCH = 200
_VOUCHES_PER_CYCLE = 25
_CONTENT_SECONDS = 600.0
"""Between two looks at every text of an environment, when nobody complains,"""
_SUSPECT_SECONDS = 20.0
"""and when followers refuse what they find."""
_SURPLUS = 64  # artifacts no longer live that are not worth a rebuild


class Reading(NamedTuple):
    """One environment as Redis has it."""

    seen: Seen
    as_of: str
    entries: int
    artifacts: int


Need = Literal["nothing", "bring", "restore", "vouch"]


def what_is_needed(head: Head, reading: Reading) -> Need:
    """Compare SQL's head with Redis; pure."""
    seen = reading.seen
    if seen.position != head.position or seen.hash != head.hash:
        return "bring"
    if reading.entries != head.entries:
        return "restore"
    if reading.as_of < clock.to_text(head.as_of):
        return "vouch"
    return "nothing"


class Reconciler:
    """A thread of its own between `start` and `close`.

    Args:
        client: a Redis client with time-outs long enough for a rebuild, or None without Redis.
        on_vouched: told the id of an environment whose head was signed anew.
    """

    def __init__(
        self,
        db: Database,
        client: redis.Redis | None,
        projection: Projection,
        timeline: Timeline,
        keys: Keys,
        status: Status,
        on_vouched: Callable[[str], None],
        *,
        interval: float = INTERVAL_SECONDS,
        vouch_every_us: int = VOUCH_EVERY_US,
    ) -> None:
        self._db = db
        self._client = client
        self._projection = projection
        self._timeline = timeline
        self._keys = keys
        self._status = status
        self._on_vouched = on_vouched
        self._interval = interval
        self._vouch_every_us = vouch_every_us
        self._wake = threading.Event()
        self._looked = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._next_deep = 0.0
        self._suspects: set[str] = set()
        self._next_look: dict[str, float] = {}
        self._not_again: dict[str, float] = {}

    def start(self) -> None:
        """Begin; the first look is at once, and waited for a moment: it finds a database that was set back."""
        self._thread = threading.Thread(target=self._run, name="delivery-reconciler", daemon=True)
        self._thread.start()
        self._looked.wait(_FIRST_LOOK_SECONDS)

    def wake(self) -> None:
        """Look now. Cheap."""
        self._wake.set()

    def suspect(self, environment_id: str) -> None:
        """Followers refuse what they find of this environment: look at its texts soon. Any thread; cheap."""
        self._suspects.add(environment_id)
        self._wake.set()

    def close(self) -> None:
        """End the thread; waits for the work at hand."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            pause = self._interval
            try:
                self.cycle()
            except (redis.RedisError, OSError) as error:
                self._projection.failed(error)
                pause = min(DOWN_SECONDS, self._interval)
            except ProblemError as error:  # the database; it says so itself
                self._status.failed(error.detail)
            except Exception:
                log.exception("reconciler_failed")
            self._looked.set()
            self._wake.wait(pause)

    def cycle(self) -> None:
        """One look at everything, and whatever follows from it.

        Raises:
            redis.RedisError: Redis did not answer.
            Unavailable: the database did not answer.
        """
        self._keys.refresh()
        with self._db.read() as conn:
            heads = store.heads(conn)
        self._vouch_due(heads)
        client = self._client
        if client is None:
            return
        client.ping()
        self._projection.answered()
        deep = time.monotonic() >= self._next_deep
        for at in range(0, len(heads), _BATCH):
            part = [
                (head, self._timeline.facts(head.environment_id))
                for head in heads[at : at + _BATCH]
            ]
            for (head, facts), reading in zip(part, read_all(client, part), strict=True):
                if self._stopping:
                    return
                self._mend(client, head, facts, reading, deep=deep)
        if deep:
            self._next_deep = time.monotonic() + DEEP_SECONDS

    def _mend(
        self, client: redis.Redis, head: Head, facts: Facts, reading: Reading, *, deep: bool
    ) -> None:
        projection, environment_id = self._projection, facts.id
        need = what_is_needed(head, reading)
        reason = "content"
        if need == "nothing" and deep:
            need, reason = self._deeper(facts, reading)
        try:
            if need == "nothing" and self._is_to_be_read(facts.id):
                wrong = what_is_wrong(
                    client,
                    Names.of(facts.project, facts.name),
                    self._timeline.vouched(facts.id),
                    self._keys,
                )
                if wrong is not None:
                    need, reason = "restore", f"content: {wrong}"
            if need == "bring":
                self._status.behind(environment_id)
                projection.forget(environment_id)
                projection.bring(environment_id, client)
                log.info("environment_caught_up", environment=f"{facts.project}/{facts.name}")
            elif need == "restore":
                projection.restore(environment_id, client, reason)
            elif need == "vouch":
                projection.vouch(environment_id, client, self._timeline.vouched(environment_id))
            if need != "bring":
                self._status.caught_up(environment_id, f"{facts.project}/{facts.name}")
        except Refused:
            pass  # reported in Status by whoever refused
        except redis.ResponseError as error:  # one environment's trouble must not stop the others
            self._trouble(facts, error)
        except (Inconsistent, OverTime, UnknownEnvironment) as error:
            self._trouble(facts, error)

    def _trouble(self, facts: Facts, error: Exception) -> None:
        self._status.failed(f"{facts.project}/{facts.name}: {error}")
        log.error(
            "projection_failed", environment=f"{facts.project}/{facts.name}", error=str(error)
        )

    def _is_to_be_read(self, environment_id: str) -> bool:
        """Whether its texts are due to be looked at."""
        now = time.monotonic()
        if environment_id in self._suspects:
            if now < self._not_again.get(environment_id, 0.0):
                return False
            self._suspects.discard(environment_id)
            self._not_again[environment_id] = now + _SUSPECT_SECONDS
        # Begun at a random place of the pause, so that not all are read at once.
        elif now < self._next_look.setdefault(
            environment_id,
            now + _CONTENT_SECONDS * random.random(),  # noqa: S311
        ):
            return False
        self._next_look[environment_id] = now + _CONTENT_SECONDS
        return True

    def _deeper(self, facts: Facts, reading: Reading) -> tuple[Need, str]:
        with self._db.read() as conn:
            live = store.live_digests(conn, facts.id)
        if reading.artifacts < live:
            return "restore", "content: texts are missing"
        return ("restore" if reading.artifacts > 2 * live + _SURPLUS else "nothing"), "surplus"

    def _vouch_due(self, heads: list[Head]) -> None:
        due_before, revoked = clock.now_us() - self._vouch_every_us, self._keys.revoked()
        due = sorted(
            (head for head in heads if head.as_of < due_before or head.key_id in revoked),
            key=lambda head: (head.key_id not in revoked, head.as_of),
        )
        refused = self._status.health().refused
        for head in due[:_VOUCHES_PER_CYCLE]:
            facts = self._timeline.facts(head.environment_id)
            if f"{facts.project}/{facts.name}" in refused:
                continue  # what we would vouch for may not be the head
            if vouch(self._db, self._keys, facts, every_us=self._vouch_every_us) is not None:
                self._on_vouched(facts.id)


def read_all(client: redis.Redis, part: list[tuple[Head, Facts]]) -> Iterator[Reading]:
    """What Redis holds of these environments, in order, in two round trips."""
    names = [Names.of(facts.project, facts.name) for _, facts in part]
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.hmget(name.state, ["epoch", "release", "hash", "generation", "as_of"])
    states: list[Any] = pipe.execute(raise_on_error=False)
    pipe = client.pipeline(transaction=False)
    texts = [_texts(state) for state in states]
    for name, found in zip(names, texts, strict=True):
        pipe.hlen(name.entries(found[3]))
        pipe.hlen(name.artifacts(found[3]))
    lengths: list[Any] = pipe.execute(raise_on_error=False)
    for index, found in enumerate(texts):
        entries, artifacts = (_number(n) for n in lengths[2 * index : 2 * index + 2])
        yield Reading(Seen(*found[:4]), found[4], entries, artifacts)


def _texts(state: Any) -> list[str]:
    if isinstance(state, Exception):  # a key of another type stands there
        return [""] * 5
    return [str(text or "") for text in state]


def _number(length: Any) -> int:
    return length if isinstance(length, int) else -1
