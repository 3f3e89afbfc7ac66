"""Carries SQLite's write-ahead log into the database file on a thread of its own.

SQLite would do it on the thread whose commit makes the log long: that request then pays for hundreds of page writes
and two more flushes. Here a commit only says that there is something to do. Nothing about durability depends on it:
a commit is flushed to the log before it returns, and the log is read back after a crash.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import structlog

from promptops_server.infra.fair_lock import FairLock

log = structlog.get_logger(__name__)

EVERY_COMMITS = 100
EVERY_SECONDS = 1.0
"""After the first commit that is not carried over yet, if there are fewer commits than that."""

LONG_LOG_PAGES = 4_000
"""A log of this length (16 MB) is started anew, for which commits wait a moment."""

UPPER_LOG_PAGES = 16_000
"""What SQLite's own checkpoint, on the committing thread, is set to: the bound when a bulk change or another process
writes more than this thread carries."""

_KEPT_BYTES = 64 * 1024 * 1024


class Checkpoints:
    """One per database file and process; the thread begins with the first commit.

    Args:
        path: the database file.
        turn: whoever holds it is the only writer of this process.
    """

    def __init__(self, path: str, turn: FairLock) -> None:
        self._path = path
        self._turn = turn
        self._mutex = threading.Lock()
        self._some = threading.Event()
        self._enough = threading.Event()
        self._commits = 0
        self._stop = False
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """A transaction was committed. Called by one thread at a time, holding the turn."""
        self._commits += 1
        if self._commits >= EVERY_COMMITS:
            self._enough.set()
        if not self._some.is_set():
            self._some.set()
            self._begin()

    def close(self) -> None:
        """End the thread. Closing the last connection carries over what is left."""
        with self._mutex:
            self._stop = True
            thread = self._thread
        self._some.set()
        self._enough.set()
        if thread is not None:
            thread.join(timeout=5)

    def _begin(self) -> None:
        with self._mutex:
            if self._thread is None and not self._stop:
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        conn: sqlite3.Connection | None = None
        try:
            while True:
                self._some.wait()
                self._enough.wait(EVERY_SECONDS)
                if self._stop:
                    return
                self._commits = 0
                self._some.clear()
                self._enough.clear()
                try:
                    if conn is None:
                        conn = _connect(self._path)
                    self._carry_over(conn)
                except sqlite3.Error as error:  # SQLite's own bound still holds
                    log.warning("checkpoint_failed", error=str(error))
        finally:
            if conn is not None:
                conn.close()

    def _carry_over(self, conn: sqlite3.Connection) -> None:
        if _checkpoint(conn) <= LONG_LOG_PAGES:
            return
        # While others commit, the end is never reached, and only a log carried over to its end is started anew. What
        # is left is what was committed during the first pass, so the writers wait for little.
        if self._turn.acquire(EVERY_SECONDS):
            try:
                _checkpoint(conn)
            finally:
                self._turn.release()


def log_pragmas() -> tuple[str, ...]:
    """What every connection sets, so that SQLite's own checkpoint is only the upper bound."""
    return (f"wal_autocheckpoint={UPPER_LOG_PAGES}", f"journal_size_limit={_KEPT_BYTES}")


def _connect(path: str) -> sqlite3.Connection:
    # Never makes the file: a database that is gone must not come back empty.
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0.0)
    conn.execute("PRAGMA synchronous=FULL")  # the log is flushed before a page is overwritten
    return conn


def _checkpoint(conn: sqlite3.Connection) -> int:
    """Carry over what no reader is in the way of; how many pages the log had. It and others wait for nobody."""
    pages: int = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    return pages
