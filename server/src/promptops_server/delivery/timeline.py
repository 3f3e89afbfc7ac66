"""The newest releases of each environment, read from SQL once and kept for everybody who follows them.

After a commit the Redis projection and the HTTP followers need the same rows: `advance` reads them in one
transaction, and both take them from here. Owns a bounded window of steps per environment. Leaves whole
environments to `environments` and `rebuild`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from promptops.delivery.header import LIVE, Header, Position
from promptops_server.delivery import store
from promptops_server.delivery.layout import LOG_LENGTH
from promptops_server.delivery.store import Facts
from promptops_server.infra.database import Database

EAGER_ARTIFACTS = 64
"""A step that changes at most this many prompts brings their artifacts along; larger ones fetch them in parts."""

WINDOW_STEPS = LOG_LENGTH
WINDOW_BYTES = 4 * 1024 * 1024
WINDOWS = 256
"""Environments whose newest steps are kept in memory."""


@dataclass(frozen=True)
class Step:
    """One release: its header and, unless it is large, the artifacts it brings."""

    header: Header
    artifacts: Mapping[str, str] | None

    @property
    def position(self) -> Position:
        """Epoch and release."""
        return self.header.position

    @property
    def digests(self) -> list[str]:
        """The artifacts the release brings."""
        changes = self.header.statement.changes
        return list(dict.fromkeys(c.digest for c in changes if c.state == LIVE))

    def without(self, digests: frozenset[str]) -> Step:
        """The step without these artifacts' texts."""
        if self.artifacts is None or digests.isdisjoint(self.artifacts):
            return self
        return Step(self.header, {d: t for d, t in self.artifacts.items() if d not in digests})

    @property
    def size(self) -> int:
        """About how many bytes it occupies."""
        texts = self.artifacts.values() if self.artifacts else ()
        return len(self.header.statement_text) * 3 + sum(map(len, texts))


@dataclass
class _Window:
    facts: Facts
    head: Header
    steps: deque[Step] = field(default_factory=deque)
    size: int = 0
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def push(self, step: Step) -> None:
        self.steps.append(step)
        self.size += step.size
        while len(self.steps) > WINDOW_STEPS or (self.size > WINDOW_BYTES and len(self.steps) > 1):
            self.size -= self.steps.popleft().size


class UnknownEnvironment(LookupError):
    """No environment of this id, or none that has its release 0 yet."""


class Timeline:
    """One per process, safe between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._mutex = threading.Lock()

    def facts(self, environment_id: str) -> Facts:
        """What never changes about the environment. Raises UnknownEnvironment."""
        return self._window(environment_id).facts

    def head(self, environment_id: str) -> Header:
        """The newest header seen; `advance` looks for newer ones. Raises UnknownEnvironment."""
        return self._window(environment_id).head

    def advance(self, environment_id: str) -> Header:
        """Read what was released since, and return the head.

        Raises:
            UnknownEnvironment: there is none.
            Unavailable: the database did not answer.
        """
        window = self._window(environment_id)
        with window.mutex:
            held = window.head.position.release
            with self._db.read() as conn:
                headers = store.headers_after(conn, environment_id, held, WINDOW_STEPS + 1)
                if not headers:
                    return window.head
                if len(headers) > WINDOW_STEPS:  # far behind: only the end is worth keeping
                    head = store.head_header(conn, environment_id)
                    assert head is not None
                    window.steps.clear()
                    window.size = 0
                    window.head = head
                    return head
                steps = [Step(h, _artifacts_of(conn, window.facts, h)) for h in headers]
            for step in steps:
                window.push(step)
            window.head = steps[-1].header
            return window.head

    def vouched(self, environment_id: str) -> Header:
        """Read the head's header anew, for its `as_of`. Raises UnknownEnvironment, Unavailable."""
        window = self._window(environment_id)
        with self._db.read() as conn:
            fresh = store.head_header(conn, environment_id)
        if fresh is None:
            raise UnknownEnvironment(environment_id)
        with window.mutex:
            if (
                fresh.statement_text == window.head.statement_text
                and fresh.as_of > window.head.as_of
            ):
                window.head = fresh
                if window.steps and window.steps[-1].position == fresh.position:
                    window.steps[-1] = Step(fresh, window.steps[-1].artifacts)
            return window.head

    def after(self, environment_id: str, release: int, limit: int = LOG_LENGTH) -> list[Step]:
        """The steps above a release, in order, up to the head seen; at most `limit`. From memory when it can.

        Raises:
            UnknownEnvironment: there is none.
            Unavailable: the database did not answer.
        """
        window = self._window(environment_id)
        with window.mutex:
            head = window.head.position.release
            if release >= head:
                return []
            if window.steps and window.steps[0].position.release <= release + 1:
                first = release + 1 - window.steps[0].position.release
                kept = list(window.steps)[first : first + limit]
                if len(kept) == 1 and kept[0].position.release == head:
                    return kept  # what is live was not redacted
                return self._without_redacted(window.facts, kept)
        with self._db.read() as conn:
            headers = store.headers_after(conn, environment_id, release, limit)
            return [
                Step(h, _artifacts_of(conn, window.facts, h))
                for h in headers
                if h.position.release <= head
            ]

    def _without_redacted(self, facts: Facts, steps: list[Step]) -> list[Step]:
        """Steps in memory may bring what a redaction, here or in another process, has taken away since."""
        with self._db.read() as conn:
            gone = frozenset(store.redacted_digests(conn, facts.project_id))
        return [step.without(gone) for step in steps] if gone else steps

    def forget(self, environment_id: str, digests: frozenset[str]) -> None:
        """Drop the texts of these artifacts from memory."""
        with self._mutex:
            window = self._windows.get(environment_id)
        if window is not None:
            with window.mutex:
                window.steps = deque(step.without(digests) for step in window.steps)

    def artifacts(self, facts: Facts, digests: list[str]) -> Iterator[dict[str, str]]:
        """These artifacts in parts of bounded number. Raises Unavailable."""
        for part in store.chunks(digests, EAGER_ARTIFACTS):
            with self._db.read() as conn:
                yield store.artifact_texts(conn, facts.project_id, part)

    def _window(self, environment_id: str) -> _Window:
        with self._mutex:
            window = self._windows.get(environment_id)
            if window is not None:
                self._windows.move_to_end(environment_id)
                return window
        with self._db.read() as conn:
            facts = store.facts(conn, environment_id)
            head = store.head_header(conn, environment_id)
        if facts is None or head is None:
            raise UnknownEnvironment(environment_id)
        with self._mutex:
            window = self._windows.setdefault(environment_id, _Window(facts, head))
            while len(self._windows) > WINDOWS:
                self._windows.popitem(last=False)
            return window


def _artifacts_of(conn: Connection, facts: Facts, header: Header) -> dict[str, str] | None:
    digests = Step(header, None).digests
    if len(digests) > EAGER_ARTIFACTS:
        return None
    return store.artifact_texts(conn, facts.project_id, digests) if digests else {}
