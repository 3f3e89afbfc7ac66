"""Each environment as HTTP serves it: header and entries in memory, following SQL release by release.

Owns the map from names to environments, how one is brought from the release it holds to the head, and the answers kept
with it. Leaves reading releases to `timeline`, the snapshot's bytes to `snapshot`, and sockets to `asgi` and `hub`.

A view never changes after it was made, apart from answers kept with it: a request that took one sees one release,
and an answer built late lands in the view it was built from, never in a newer one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import structlog

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import Header, Position
from promptops_server.delivery import events, store
from promptops_server.delivery.events import Event
from promptops_server.delivery.snapshot import Snapshot
from promptops_server.delivery.store import Facts
from promptops_server.delivery.timeline import Step, Timeline
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable

log = structlog.get_logger(__name__)

PREPARED_LIMIT = 16 * 1024 * 1024
"""Bytes of single-prompt answers kept per environment."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The answer about one prompt, ready to send."""

    etag: bytes
    start: dict[str, Any]
    body: dict[str, Any]
    size: int


@dataclass
class View:
    """One environment at one release."""

    header: Header
    tree: EntryTree
    prompts: dict[str, Prepared] = field(default_factory=dict)
    prepared_size: int = 0
    snapshot: asyncio.Future[Snapshot] | None = None

    @property
    def position(self) -> Position:
        """Epoch and release."""
        return self.header.position

    def keep(self, path: str, prepared: Prepared) -> None:
        """Keep an answer for the next request."""
        if self.prepared_size + prepared.size > PREPARED_LIMIT:
            self.prompts.clear()
            self.prepared_size = 0
        self.prompts[path] = prepared
        self.prepared_size += prepared.size

    def after(self, steps: list[Step]) -> View:
        """The view after these releases, with every answer they leave valid."""
        tree = self.tree
        prompts = dict(self.prompts)
        for step in steps:
            changes = step.header.statement.changes
            tree = tree.apply(changes)
            for change in changes:
                prompts.pop(change.path, None)
        size = sum(kept.size for kept in prompts.values())
        return View(steps[-1].header, tree, prompts, size)


@dataclass
class LiveEnvironment:
    """One environment; `view` is replaced, never changed."""

    facts: Facts
    view: View


class Environments:
    """Those that somebody asked for; one per process, safe between threads."""

    def __init__(self, db: Database, timeline: Timeline) -> None:
        self._db = db
        self._timeline = timeline
        self._by_name: dict[tuple[str, str], LiveEnvironment] = {}
        self._by_id: dict[str, LiveEnvironment] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def peek(self, project: str, name: str) -> LiveEnvironment | None:
        """The environment if it is in memory; no I/O."""
        return self._by_name.get((project, name))

    def load(self, project: str, name: str) -> LiveEnvironment | None:
        """The environment, read from SQL on first use; None when there is none.

        Raises:
            Unavailable: the database did not answer, or contradicts itself.
        """
        found = self.peek(project, name)
        if found is not None:
            return found
        with self._db.read() as conn:
            facts = store.facts_by_name(conn, project, name)
        if facts is None:
            return None
        with self._locks[facts.id]:
            found = self.peek(project, name)
            if found is not None:
                return found
            found = LiveEnvironment(facts, self._read(facts))
            # First known to those who feed it, then looked at once more: a release in between is not missed.
            self._by_id[facts.id] = found
            self._timeline.advance(facts.id)
            self.changed(facts.id)
            self._by_name[project, name] = found
        return found

    def holds(self, environment_id: str) -> bool:
        """Whether somebody asked for it, so that it has to be kept up to date."""
        return environment_id in self._by_id

    def changed(self, environment_id: str) -> tuple[Facts, list[Event]] | None:
        """Follow SQL to the head `timeline` has seen; the events that tell it, None when nothing changed.

        The caller holds `lock` until the events are passed on, so that they keep their order.

        Raises:
            Unavailable: the database did not answer, or contradicts itself.
        """
        environment = self._by_id.get(environment_id)
        if environment is None:
            return None
        view = environment.view
        head = self._timeline.head(environment_id)
        if head.position == view.position:
            if head.as_of <= view.header.as_of:
                return None
            environment.view = View(head, view.tree, view.prompts, view.prepared_size)
            return environment.facts, [events.as_of(head)]
        if head.position < view.position:
            head = self._timeline.advance(environment_id)
            if head.position <= view.position:
                return None
        steps = self._timeline.after(environment_id, view.position.release)
        if not _continues(view.header, steps, head):
            return self._reload(environment)
        fresh = view.after(steps)
        statement = fresh.header.statement
        if (fresh.tree.root, fresh.tree.count) != (statement.root, statement.count):
            log.error("entries_differ", environment=environment_id, release=statement.release)
            return self._reload(environment)
        environment.view = fresh
        return environment.facts, [events.release(step) for step in steps]

    def lock(self, environment_id: str) -> threading.Lock:
        """Held around `changed` and the passing on of what it returned."""
        return self._locks[environment_id]

    def _reload(self, environment: LiveEnvironment) -> tuple[Facts, list[Event]]:
        environment.view = self._read(environment.facts)
        return environment.facts, [events.reset(environment.view.position)]

    def _read(self, facts: Facts) -> View:
        with self._db.read() as conn:
            header = store.head_header(conn, facts.id)
            entries = store.entries(conn, facts.id)
        tree = EntryTree.of(entries)
        if header is None or (tree.root, tree.count) != (
            header.statement.root,
            header.statement.count,
        ):
            raise Unavailable(
                f"What is stored for {facts.project}/{facts.name} is not what was signed.",
                remedy="Run `promptops-server doctor`; restore a backup if it confirms this.",
            )
        return View(header, tree)


def _continues(held: Header, steps: list[Step], head: Header) -> bool:
    """Whether the steps lead from the header held to the head without a gap, within one epoch."""
    previous = held
    for step in steps:
        statement = step.header.statement
        if (
            statement.previous != previous.hash
            or step.position.release != previous.position.release + 1
            or step.position.epoch != previous.position.epoch
        ):
            return False
        previous = step.header
    return bool(steps) and previous.position >= head.position
