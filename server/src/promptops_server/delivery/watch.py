"""Notice releases that other processes commit: LISTEN on PostgreSQL, a short poll otherwise.

Says only "something may have changed in this environment"; what changed is read by `timeline`. A release committed in
this process does not wait for this: its after-commit hook feeds followers at once.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import psycopg
import structlog

from promptops_server.delivery import store
from promptops_server.infra import outbox
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

TOPIC = "release"
POLL_SECONDS = 0.2
LISTENING_POLL_SECONDS = 5.0
"""While notifications arrive, the poll is only insurance."""


class Watch:
    """Threads of its own between `start` and `close`.

    Args:
        on_change: told an environment's id after its head or `as_of` changed; may be told more often than needed.
    """

    def __init__(
        self, db: Database, on_change: Callable[[str], None], *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._db = db
        self._on_change = on_change
        self._poll_seconds = poll_seconds
        self._stop = threading.Event()
        self._look = threading.Event()
        self._listening = False
        self._threads: list[threading.Thread] = []
        self._known: dict[str, store.Head] = {}

    def start(self) -> None:
        """Begin; what is there already counts as known."""
        self._known = {head.environment_id: head for head in self._heads()}
        targets = [self._poll] if self._db.is_sqlite else [self._poll, self._listen]
        for target in targets:
            thread = threading.Thread(target=target, name=f"delivery{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the threads."""
        self._stop.set()
        self._look.set()
        for thread in self._threads:
            thread.join(5)

    def _poll(self) -> None:
        changed = _SqliteChanges(self._db) if self._db.is_sqlite else None
        while not self._stop.is_set():
            self._look.wait(LISTENING_POLL_SECONDS if self._listening else self._poll_seconds)
            self._look.clear()
            if self._stop.is_set() or (changed is not None and not changed.since_last()):
                continue
            try:
                self._compare()
            except ProblemError:
                self._stop.wait(1.0)  # the database is away, and has said so
            except Exception:
                log.exception("watch_failed")
                self._stop.wait(1.0)
        if changed is not None:
            changed.close()

    def _compare(self) -> None:
        for head in self._heads():
            if self._known.get(head.environment_id) != head:
                self._on_change(head.environment_id)
                self._known[head.environment_id] = head  # only now: a failure is tried again

    def _heads(self) -> list[store.Head]:
        with self._db.read() as conn:
            return store.heads(conn)

    def _listen(self) -> None:
        url = self._db.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stop.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
                    conn.execute(f"LISTEN {outbox.CHANNEL}")
                    self._listening = True
                    self._look.set()  # whatever was notified while nobody listened
                    while not self._stop.is_set():
                        for notice in conn.notifies(timeout=0.5):
                            topic, _, environment_id = notice.payload.partition(":")
                            if topic == TOPIC:
                                self._on_change(environment_id)
            except (psycopg.Error, OSError) as error:
                log.warning("listen_lost", error=str(error))
            except Exception:
                log.exception("listen_failed")
            self._listening = False
            self._look.set()
            self._stop.wait(1.0)


class _SqliteChanges:
    """Whether any other connection has committed: one pragma on a connection kept open, no query."""

    def __init__(self, db: Database) -> None:
        assert db.url.database
        self._conn = sqlite3.connect(db.url.database, isolation_level=None, timeout=5)
        self._version = -1

    def since_last(self) -> bool:
        try:
            version = int(self._conn.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return True
        changed = version != self._version
        self._version = version
        return changed

    def close(self) -> None:
        self._conn.close()
