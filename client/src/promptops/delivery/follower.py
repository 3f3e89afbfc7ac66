"""The one thread that keeps an environment current: connects, applies, swaps, heals, reports.

Owns the loop and its timing: when to connect again, when to fetch a snapshot, when a copy
counts as vouched for. Leaves every decision about content to `verify`, transports to the
sources, files to `disk`. It never raises into the application: what went wrong is in
`last_error`, `last_refusal` and the log.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from promptops.delivery import verify
from promptops.delivery.announce import Announcer
from promptops.delivery.disk import DiskCopy, DiskWriter
from promptops.delivery.header import Header, Position, format_time, parse_time
from promptops.delivery.held import Held, release_of
from promptops.delivery.keys import Keys
from promptops.delivery.reporter import Reporter
from promptops.delivery.source import (
    Alive,
    Event,
    Head,
    Malformed,
    Missing,
    Reset,
    Source,
    Step,
)
from promptops.delivery.verify import FollowerState, NeedArtifacts, Refusal, Rules
from promptops.errors import InvalidHeader, SourceError

log = logging.getLogger("promptops")

LONGEST_WAIT = 5.0
"""Seconds between two attempts to connect, at most."""

SLOW_WAIT = 30.0
"""Seconds to the next attempt when the last one was refused (token, unknown environment)."""

PROJECTION_GRACE = 7200.0
"""The server signs its head again every hour. A header in Redis older than this shows that the server no
longer reaches Redis, so that an answer from Redis alone no longer counts as vouching."""


class Follower:
    """Follows one environment from `start` to `close`. Attributes may be read from any thread."""

    def __init__(
        self,
        connect: Callable[[], Source],
        project: str,
        environment: str,
        *,
        keys: Keys,
        features: frozenset[str],
        copy: DiskCopy | None,
        receipts: bool = True,
        max_start_age: float | None = None,
    ) -> None:
        self.held = Held(FollowerState(project, environment), {})
        self.connected = False
        self.confirmed = False
        self.last_error = ""
        self.disk_note = ""
        self.refusals = 0
        self.last_refusal: Refusal | None = None
        self.announcer = Announcer()
        self.reporter = Reporter(self._source_to_report_to) if receipts else None
        self._connect = connect
        self._keys = keys
        self._features = features
        self._max_start_age = max_start_age
        self._copy = copy
        self._vouched_at = 0.0
        self._prepare()
        _followers.add(self)

    def _prepare(self) -> None:
        """Everything that belongs to one process and one thread, for start and after a fork."""
        self._ready = threading.Event()
        self._closing = threading.Event()
        self._source: Source | None = None
        self._head: Position | None = None
        self._behind = False
        self._refused_with = self._keys.ring
        self._resync_after = 0.0
        self._resyncs_failed = 0
        self._came_at = 0.0
        self._writer = None if self._copy is None else DiskWriter(self._copy)
        self._thread = threading.Thread(target=self._run, name="promptops-follower", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wait(self, timeout: float) -> None:
        """Wait until the environment is live, or it is clear that waiting will not help."""
        self._ready.wait(min(timeout, threading.TIMEOUT_MAX))

    def close(self, timeout: float = 2.0) -> None:
        """Stop following, write what waits for the disk, and keep the release held. May be
        called twice.
        """
        self._closing.set()
        self._ready.set()  # whoever waits for a release waits no longer
        if self.reporter is not None:
            self.reporter.close()
        source = self._source
        if source is not None:
            source.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        self.connected = False
        self.announcer.close()
        if self._writer is not None:
            self._writer.close(timeout)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    def age(self) -> float:
        """Seconds since the server last vouched for the release held; infinite when nothing is
        held.
        """
        if self.held.state.header is None:
            return float("inf")
        return max(0.0, time.monotonic() - self._vouched_at)

    def about_disk(self) -> str:
        """A sentence about the copy on disk; empty without one."""
        written = "" if self._writer is None else self._writer.note
        return written or self.disk_note

    def after_fork(self) -> None:
        """In the child of a fork: connect anew. The parent's connection is left alone, not closed."""
        if self.closed:
            return
        self.connected = False
        self._prepare()
        self._keys.after_fork()
        self.announcer.after_fork()
        if self.reporter is not None:
            self.reporter.after_fork()
        self.start()

    # The thread.

    def _run(self) -> None:
        if self.held.state.header is None:
            self._load_copy()
        failed = 0
        while not self._closing.is_set():
            slowly = False
            try:
                self._head, self._behind = None, False
                source = self._source = self._connect()
                if self._closing.is_set():
                    break
                self._keys.prepare(source)
                for event in source.events(self._position):
                    if self._closing.is_set():
                        break
                    self._take(source, event)
                    if self.connected:
                        failed = 0
            except SourceError as error:
                slowly = error.retry_slowly
                self._report(str(error))
            except InvalidHeader as error:
                self._report(f"the server's answer cannot be used: {error}")
            except Exception as error:  # the thread must not end while the application runs
                if not self._closing.is_set():
                    log.exception("the follower failed and goes on")
                    self._report(f"the follower failed: {type(error).__name__}: {error}")
            finally:
                self.connected = False
                if self._source is not None:
                    self._source.close()
                self._source = None
            if slowly or self.held.state.header is not None:
                self._ready.set()
            failed += 1
            longest = SLOW_WAIT if slowly else min(LONGEST_WAIT, 0.1 * 2 ** min(failed, 10))
            self._closing.wait(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load

    def _take(self, source: Source, event: Event) -> None:
        self._came_at = time.monotonic()
        self._keys.look_again(self._connect)
        if self._behind and self._keys.ring is not self._refused_with:
            self._resync_after = 0.0  # other keys count now: what was refused may be right
        if isinstance(event, Step):
            self._step(source, event.header, event.artifacts)
        elif isinstance(event, Head):
            self._take_head(source, event.header)
        elif isinstance(event, Reset):
            self._resync(source)
        elif isinstance(event, Alive):
            if self._is_at_head():
                self._settle(source)
            elif self._behind or self._head is not None:
                self._resync_soon(source)
        elif isinstance(event, Missing):
            self.connected = False
            self._report(event.sentence)
        elif isinstance(event, Malformed):
            self._refuse(Refusal("malformed", event.sentence))
            self._resync_soon(source)

    def _step(self, source: Source, header: Header, artifacts: Mapping[str, str]) -> None:
        state = self.held.state

        def decide(rules: Rules, more: Mapping[str, str]) -> verify.Decision:
            return verify.accept_step(state, header, {**artifacts, **more}, rules)

        decision = self._decide(source, decide)
        if isinstance(decision, FollowerState):
            self._head = max(self._head or header.position, header.position)
            self._swap(decision, by_step=True)
            self._settle(source)
        elif isinstance(decision, Refusal):
            if decision.code == "older":
                return  # said twice, or overtaken by a snapshot; only a head that goes back counts
            self._refuse(decision)
            self._resync_soon(source)
        else:
            self._resync(source)

    def _take_head(self, source: Source, header: Header) -> None:
        state = self.held.state
        decision = self._decide(source, lambda rules, _: verify.accept_as_of(state, header, rules))
        if isinstance(decision, Refusal):
            self._refuse(decision)
            return
        self._head, self._behind = header.position, False
        if isinstance(decision, FollowerState):
            self._swap(decision, by_step=True)
            self._settle(source)
        elif state.header is None:
            self._resync(source)
        # Else the steps up to the head, or a reset, come next.

    def _resync(self, source: Source) -> None:
        try:
            document = source.snapshot()
        except InvalidHeader as error:
            self._refuse(Refusal("malformed", str(error)))
            self._resync_later()
            return
        state = self.held.state

        def decide(rules: Rules, more: Mapping[str, str]) -> verify.Decision:
            artifacts = {**document.artifacts, **more}
            return verify.accept_snapshot(
                state, document.header, document.entries, artifacts, rules
            )

        decision = self._decide(source, decide)
        if isinstance(decision, FollowerState):
            self._resyncs_failed, self._resync_after = 0, 0.0
            self._head, self._behind = document.header.position, False
            self._swap(decision, by_step=False)
            self._settle(source)
            return
        if isinstance(decision, Refusal):
            self._refuse(decision)
        else:
            self._report(f"{source.where} does not have every artifact of its own release yet")
        self._resync_later()

    def _resync_soon(self, source: Source) -> None:
        """After a refusal the place it came from may hold the truth; ask, but not without end."""
        if time.monotonic() >= self._resync_after:
            self._resync(source)

    def _resync_later(self) -> None:
        self._resyncs_failed += 1
        wait = min(SLOW_WAIT, 0.5 * 2 ** min(self._resyncs_failed, 10))
        self._resync_after = time.monotonic() + wait

    def _decide(
        self,
        source: Source,
        decide: Callable[[Rules, Mapping[str, str]], verify.Decision],
    ) -> verify.Decision:
        """Decide, and once more after fetching what the decision asked for."""
        decision = decide(self._rules(source), {})
        if (
            isinstance(decision, Refusal)
            and decision.code == "unknown-key"
            and self._keys.learn(source)
        ):
            decision = decide(self._rules(source), {})
        if isinstance(decision, NeedArtifacts):
            more = source.artifacts(decision.digests)
            decision = decide(self._rules(source), more)
        return decision

    def _rules(self, source: Source) -> Rules:
        oldest = ""
        if self._max_start_age is not None and not source.speaks_for_the_server:
            oldest = format_time(datetime.now(UTC) - timedelta(seconds=self._max_start_age))
        return Rules(self._keys.ring, self._features, oldest)

    def _swap(self, state: FollowerState, *, by_step: bool) -> None:
        before = self.held
        if state is before.state:
            return
        if state.position == before.state.position:
            self.held = before.vouched_anew(state)
            if self._writer is not None:
                self._writer.put(state)
            return
        held, changed = before.moved_by_step(state) if by_step else before.moved_by_snapshot(state)
        self.held = held
        if self.reporter is not None and self.confirmed and state.position is not None:
            self.reporter.applied(state.position, time.monotonic() - self._came_at)
        self.announcer.put(release_of(state, changed))
        if self._writer is not None:
            stopped = any(path in before.state.live and path not in state.live for path in changed)
            self._writer.put(state, urgent=stopped)

    def _is_at_head(self) -> bool:
        position = self.held.state.position
        if self._behind or position is None or self._head is None:
            return False
        return position >= self._head

    def _settle(self, source: Source) -> None:
        """The source answered: when the state held is its head, that is what it vouches for."""
        header = self.held.state.header
        if header is None or not self._is_at_head():
            return
        since = _seconds_since(header)
        fresh = source.speaks_for_the_server or since < PROJECTION_GRACE
        self._vouched_at = time.monotonic() - (0.0 if fresh else since)
        if not self.connected:
            log.info("following %s at release %s", source.where, header.position)
        self.connected = self.confirmed = True
        if self.reporter is not None:
            self.reporter.holds(header.position)
            self.reporter.refuses(None)
        self.last_error = ""
        self._ready.set()

    def _load_copy(self) -> None:
        if self._copy is None:
            return
        found = self._copy.read()
        if found is None:
            self.disk_note = "there is no copy on disk yet"
            return
        if isinstance(found, str):
            self._left_aside(found)
            return
        empty = self.held.state
        rules = Rules(self._keys.ring, self._features)
        decision = verify.accept_snapshot(
            empty, found.header, found.entries, found.artifacts, rules
        )
        if not isinstance(decision, FollowerState):
            why = decision.sentence if isinstance(decision, Refusal) else "an artifact is missing"
            self._left_aside(f"the copy {self._copy.path} is not used: {why}")
            return
        self._vouched_at = time.monotonic() - _seconds_since(found.header)
        self.held = empty_held(decision)
        self.disk_note = f"the copy on disk is of release {found.header.position}"

    def _left_aside(self, sentence: str) -> None:
        self.disk_note = sentence
        log.warning("%s", sentence)

    def _refuse(self, refusal: Refusal) -> None:
        sentence = f"refused ({refusal.code}): {refusal.sentence}{self._keys.hint(refusal.code)}"
        if self.last_refusal != refusal:
            log.error("%s", sentence)
        self.connected, self._behind = False, True
        self._refused_with = self._keys.ring
        self.last_error = sentence
        self.refusals += 1
        if self.reporter is not None:
            self.reporter.refuses(refusal)
        self.last_refusal = refusal  # last: who sees the refusal sees the rest of it

    def _report(self, sentence: str) -> None:
        if self._closing.is_set():
            return
        if sentence != self.last_error:
            log.warning("%s", sentence)
        self.last_error = sentence

    def _source_to_report_to(self) -> Source | None:
        return self._source

    def _position(self) -> Position | None:
        return self.held.state.position


def empty_held(state: FollowerState) -> Held:
    """A state that nothing was held before."""
    nothing = Held(FollowerState(state.project, state.environment), {})
    return nothing.moved_by_snapshot(state)[0]


def _seconds_since(header: Header) -> float:
    return max(0.0, (datetime.now(UTC) - parse_time(header.as_of)).total_seconds())


_followers: weakref.WeakSet[Follower] = weakref.WeakSet()


def _restart_in_child() -> None:
    for follower in list(_followers):
        follower.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_in_child)
