"""Bring Redis from the release it holds to the head, in order, each release exactly once.

Any number of threads and servers may call at once: every change is one script that acts only if Redis still is where
its caller saw it, and whoever loses looks again. The way after a commit is one read of SQL and one script. A Redis
that is down or hangs costs a publisher at most `BUDGET` seconds once, then nothing until it answers again
(`circuit`); the reconciler brings what was missed. Leaves the rules to `standing`, writing anew to `rebuild`.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Literal

import redis
import structlog

from promptops.delivery.header import REMOVED, Header, Position
from promptops_server.audit.set_back import tell_set_back
from promptops_server.delivery import scripts, status, store
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.layout import LOG_LENGTH, Names, nudge_text
from promptops_server.delivery.rebuild import Inconsistent, OverTime, rebuild
from promptops_server.delivery.standing import WAY_ON, Seen, Standing, judge, origin_of
from promptops_server.delivery.status import Status
from promptops_server.delivery.store import Facts
from promptops_server.delivery.timeline import Step, Timeline, UnknownEnvironment
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

BUDGET = 0.9
"""Seconds that a publisher waits for Redis at most."""

CIRCUIT_SECONDS = 5.0
"""After a failure nobody tries again for this long, except the reconciler, which looks every second."""

_ATTEMPTS = 6
_DROPPED = 500
_LARGE_BYTES = 256 * 1024  # artifacts of a release above this go ahead of its script, in parts

_ALTERED = ("damaged", "content")

Delivery = Literal["applied", "pending"]


class Refused(Exception):
    """Redis holds what must not be overwritten; the text says what and what to do."""


class Projection:
    """One per process, safe between threads.

    Args:
        db: the database.
        client: a Redis client with short time-outs (`infra.redis.connect`), or None when there is no Redis:
            then nothing is ever pending.
        timeline: shared with the HTTP side, so that a release is read from SQL once.
        keys: to recognise what this installation signed.
        status: takes note of everything that went wrong.
    """

    def __init__(
        self,
        db: Database,
        client: redis.Redis | None,
        timeline: Timeline,
        keys: Keys,
        status: Status,
    ) -> None:
        self._db = db
        self._client = client
        self._timeline = timeline
        self._keys = keys
        self._status = status
        # What we know Redis holds, and how many entries that is.
        self._held: dict[str, tuple[Seen, int]] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._put: dict[str, Position] = {}
        """The newest position that this process knows to have been in Redis."""
        self._open_until = 0.0
        self._taken_over: set[str] = set()

    def project(self, environment_id: str, *, read: bool = False) -> Delivery:
        """Bring Redis to the newest release of the environment, within about a second; never raises.

        "pending" means that Redis does not have it yet: the reconciler brings it. `read` says that the timeline
        has just been advanced, which saves reading SQL again.
        """
        if self._client is None:
            return "applied"
        began = time.monotonic()
        if began < self._open_until:
            return self._pending(environment_id)
        lock = self._locks[environment_id]
        if not lock.acquire(timeout=BUDGET):
            return self._pending(environment_id)
        try:
            self._settle(environment_id, self._client, began + BUDGET, read=read)
        except OverTime:
            return self._pending(environment_id)
        except redis.ResponseError as error:
            # It is there, but does not do it: it is full, read-only, or we are not allowed.
            self._status.failed(f"{type(error).__name__}: {error}")
            log.warning("redis_refused", environment=environment_id, error=str(error))
            return self._pending(environment_id)
        except (redis.RedisError, OSError) as error:
            self.failed(error)
            return self._pending(environment_id)
        except Refused:
            return self._pending(environment_id)
        except (Inconsistent, ProblemError, UnknownEnvironment) as error:
            self._status.failed(str(error))
            log.warning("projection_failed", environment=environment_id, error=str(error))
            return self._pending(environment_id)
        except Exception:
            # The release is acknowledged: whatever went wrong here must not make it look failed.
            log.exception("projection_failed", environment=environment_id)
            return self._pending(environment_id)
        finally:
            lock.release()
        status.PROJECTION_SECONDS.observe(time.monotonic() - began)
        return "applied"

    def has(self, environment_id: str, epoch: int, release: int) -> bool:
        """Whether this process has brought the release, or a later one, to Redis; False when it does not know."""
        if self._client is None:
            return True
        held = self._held.get(environment_id)
        return held is not None and (int(held[0].epoch), int(held[0].release)) >= (epoch, release)

    def failed(self, error: BaseException) -> None:
        """Redis did not do what was asked: leave it alone for a while."""
        self._open_until = time.monotonic() + CIRCUIT_SECONDS
        text = f"{type(error).__name__}: {error}"
        if self._status.down(text):
            log.warning("redis_down", error=text)

    def answered(self) -> None:
        """Redis answers (again)."""
        self._open_until = 0.0
        if self._status.connected():
            log.info("redis_connected")

    def forget(self, environment_id: str) -> None:
        """Look at Redis anew before the next change: somebody found it different."""
        self._held.pop(environment_id, None)

    def bring(self, environment_id: str, client: redis.Redis) -> None:
        """Bring Redis to the head, by steps or by a rebuild, however long that takes.

        Raises:
            Refused: Redis holds what must not be overwritten; `Status` has it too.
            OverTime: other servers kept changing it meanwhile.
            Inconsistent, UnknownEnvironment: SQL does not hold a sound environment of that id.
            redis.RedisError, Unavailable: Redis or the database did not answer.
        """
        with self._locks[environment_id]:
            self._settle(environment_id, client, None)

    def restore(self, environment_id: str, client: redis.Redis, reason: str) -> None:
        """Write an environment anew although its position is right: its content is not. Raises as `bring`."""
        facts = self._timeline.facts(environment_id)
        with self._locks[environment_id]:
            self.forget(environment_id)
            seen, _ = look(client, Names.of(facts.project, facts.name))
            self.write_anew(facts, client, seen, Standing("rebuild", reason))

    def drop(self, environment_id: str, client: redis.Redis, digests: list[str]) -> None:
        """Delete these artifacts from what Redis holds of an environment. Raises `redis.RedisError`."""
        facts = self._timeline.facts(environment_id)
        names = Names.of(facts.project, facts.name)
        with self._locks[environment_id]:
            seen, _ = look(client, names)
            if seen.generation:
                for at in range(0, len(digests), _DROPPED):
                    client.hdel(names.artifacts(seen.generation), *digests[at : at + _DROPPED])

    def vouch(self, environment_id: str, client: redis.Redis, header: Header) -> None:
        """Give Redis the newer `as_of` of the head it holds. Raises `redis.RedisError`."""
        facts = self._timeline.facts(environment_id)
        names = Names.of(facts.project, facts.name)
        seen, _ = look(client, names)
        if seen.position != header.position or seen.hash != header.hash:
            return
        args = [
            *seen,
            header.to_json(),
            header.as_of,
            str(header.position),
            names.nudge,
            nudge_text(header, {}),
        ]
        scripts.VOUCH(client, [names.state, names.log], args)

    def _settle(
        self, environment_id: str, client: redis.Redis, until: float | None, *, read: bool = False
    ) -> None:
        """Bring Redis to the head; the environment's lock is held."""
        try:
            self._bring(environment_id, client, until, read)
        except BaseException:
            self._held.pop(environment_id, None)  # what a broken-off command did is unknown
            raise
        self.answered()

    def _bring(
        self, environment_id: str, client: redis.Redis, until: float | None, read: bool
    ) -> None:
        timeline = self._timeline
        facts = timeline.facts(environment_id)
        for attempt in range(_ATTEMPTS):
            if not read or attempt:
                timeline.advance(environment_id)
            head = timeline.head(environment_id)
            held = self._held.get(environment_id)
            if held is None:
                held = self._look(facts, client, until)
                if held is None:
                    continue
            seen, count = held
            steps = timeline.after(environment_id, int(seen.release))
            if not steps and int(seen.release) != head.position.release:
                self._held.pop(environment_id, None)
                continue
            if self._apply_all(facts, client, seen, count, steps, until):
                self._status.caught_up(environment_id, f"{facts.project}/{facts.name}")
                return
            self._held.pop(environment_id, None)
        raise OverTime(f"{facts.project}/{facts.name}: others kept changing it")

    def _look(
        self, facts: Facts, client: redis.Redis, until: float | None
    ) -> tuple[Seen, int] | None:
        """Find out what Redis holds; None when it was something else a moment later."""
        seen, header_text = look(client, Names.of(facts.project, facts.name))
        with self._db.read() as conn:
            head = store.head_header(conn, facts.id)
            installation = store.installation_id(conn)
            if head is None:
                raise UnknownEnvironment(facts.id)

            def known_hash(release: int) -> str | None:
                found = store.header_at(conn, facts.id, release)
                return None if found is None else found.hash

            standing = judge(
                seen,
                head.position,
                known_hash,
                lambda: origin_of(header_text, facts, installation, self._keys.signed_here),
            )
            if standing.verdict in ("current", "behind"):
                at = store.header_at(conn, facts.id, int(seen.release))
                assert at is not None
                self._note_if_set_back(facts, at.position)
                held = (seen, at.statement.count)
                self._held[facts.id] = held
                return held
        return self.write_anew(facts, client, seen, standing, until)

    def write_anew(
        self,
        facts: Facts,
        client: redis.Redis,
        seen: Seen,
        standing: Standing,
        until: float | None = None,
    ) -> tuple[Seen, int] | None:
        """Rebuild, unless what is there must stay. The environment's lock is held by the caller.

        Raises:
            Refused: it must stay.
        """
        label = f"{facts.project}/{facts.name}"
        if standing.verdict == "ahead" or (
            standing.verdict == "foreign" and facts.id in self._taken_over
        ):
            if self._status.refused(label, standing.reason):
                log.error("projection_refused", environment=label, reason=standing.reason)
            if standing.verdict == "ahead":
                reason = standing.reason.removesuffix(WAY_ON).strip()
                tell_set_back(self._db, f"{label}: {reason}")
            raise Refused(standing.reason)
        if standing.verdict == "foreign":
            # A fresh database on a used Redis is common, and the old state is of no use to anybody. If another
            # installation is alive it puts its state back within seconds; then it keeps it, and we say so.
            self._taken_over.add(facts.id)
            log.warning("redis_taken_over", environment=label, reason=standing.reason)
        if standing.reason.startswith(_ALTERED):
            self._note_altered(facts, standing.reason)
        elif seen.position is not None:
            self._note_if_set_back(facts, seen.position)
        now = rebuild(self._db, client, facts, seen, until=until)
        if now is None:
            return None
        reason = standing.reason if standing.verdict == "rebuild" else standing.verdict
        status.REBUILT.labels(reason.partition(":")[0]).inc()
        self._put[facts.id] = Position(int(now.epoch), int(now.release))
        log.info("redis_rebuilt", environment=label, release=now.release, reason=reason)
        with self._db.read() as conn:
            header = store.header_at(conn, facts.id, int(now.release))
        assert header is not None
        held = (now, header.statement.count)
        self._held[facts.id] = held
        return held

    def _apply_all(
        self,
        facts: Facts,
        client: redis.Redis,
        seen: Seen,
        count: int,
        steps: list[Step],
        until: float | None,
    ) -> bool:
        for step in steps:
            _check_time(until)
            statement = step.header.statement
            if statement.previous != seen.hash or str(statement.epoch) != seen.epoch:
                standing = Standing("rebuild", "epoch")
                self.write_anew(facts, client, seen, standing, until)
                return False
            if not self._apply(facts, client, seen, count, step, until):
                return False
            seen = Seen(seen.epoch, str(statement.release), step.header.hash, seen.generation)
            count = statement.count
            self._held[facts.id] = (seen, count)
        return True

    def _apply(
        self,
        facts: Facts,
        client: redis.Redis,
        seen: Seen,
        count: int,
        step: Step,
        until: float | None,
    ) -> bool:
        names = Names.of(facts.project, facts.name)
        header, position = step.header, step.position
        artifacts = step.artifacts
        if artifacts is None or sum(map(len, artifacts.values())) > _LARGE_BYTES:
            if not self._put_artifacts(facts, client, names, seen, step, until):
                return False
            artifacts = None
        kept = [c for c in header.statement.changes if c.state != REMOVED]
        removed = [c.path for c in header.statement.changes if c.state == REMOVED]
        forgotten = position.release - LOG_LENGTH
        args: list[object] = [
            *seen,
            count,
            position.epoch,
            position.release,
            header.hash,
            header.to_json(),
            header.as_of,
            str(position),
            f"{position.epoch}-{forgotten}" if forgotten >= 0 else "",
            names.nudge,
            nudge_text(header, artifacts),
            len(kept),
            len(removed),
            len(artifacts or ()),
        ]
        for digest, text in (artifacts or {}).items():
            args += (digest, text)
        for entry in kept:
            args += (entry.path, entry.to_text())
        args += removed
        keys = [
            names.state,
            names.entries(seen.generation),
            names.artifacts(seen.generation),
            names.log,
        ]
        answer = scripts.APPLY(client, keys, args)
        if answer == 1:
            status.PROJECTED.inc()
            self._put[facts.id] = position
            return True
        if answer == ["damaged"]:
            self.write_anew(facts, client, seen, Standing("rebuild", "damaged"), until)
        return False

    def _put_artifacts(
        self,
        facts: Facts,
        client: redis.Redis,
        names: Names,
        seen: Seen,
        step: Step,
        until: float | None,
    ) -> bool:
        for part in self._timeline.artifacts(facts, step.digests):
            _check_time(until)
            pairs = [text for pair in part.items() for text in pair]
            keys = [names.state, names.artifacts(seen.generation)]
            if scripts.PUT_ARTIFACTS(client, keys, [seen.generation, *pairs]) != 1:
                return False
        return True

    def _note_altered(self, facts: Facts, reason: str) -> None:
        """Somebody else wrote there, or Redis lost a part. Told to the operator; what is right is written over it."""
        label = f"{facts.project}/{facts.name}"
        how, _, wrong = reason.partition(": ")
        words = (
            f"Redis held {label} otherwise than it was left ({wrong or 'its state is not what was signed'}), and it was "
            "written anew: who else may write there? Followers refuse what was not signed."
        )
        log.error("redis_altered", environment=label, wrong=wrong or how)
        self._status.altered(label, how, words)

    def _note_if_set_back(self, facts: Facts, found: Position) -> None:
        before = self._put.get(facts.id)
        if before is None or found >= before:
            return
        label = f"{facts.project}/{facts.name}"
        log.error("redis_altered", environment=label, wrong=f"set back from {before} to {found}")
        words = (
            f"Redis held {label} at {found} after it had held {before}: it went back to an old dump, failed over to a "
            "replica that was behind, or somebody put an old value back. It was brought up to date."
        )
        self._status.altered(label, "set-back", words)

    def _pending(self, environment_id: str) -> Delivery:
        self._status.behind(environment_id)
        status.PENDING.inc()
        return "pending"


def _check_time(until: float | None) -> None:
    if until is not None and time.monotonic() > until:
        raise OverTime


def look(client: redis.Redis, names: Names) -> tuple[Seen, str]:
    """What Redis says it holds, and the header's text. Raises `redis.RedisError`."""
    try:
        found = client.hmget(names.state, ["epoch", "release", "hash", "generation", "header"])
    except redis.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        client.unlink(names.state)  # not ours, and in the way of everything
        found = [None] * 5
    texts = [str(text or "") for text in found]
    return Seen(*texts[:4]), texts[4]
