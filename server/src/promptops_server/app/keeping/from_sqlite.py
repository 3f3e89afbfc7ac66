"""What is in the embedded database files at one moment, while a server writes to them."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promptops_server.app.keeping.errors import CannotKeep
from promptops_server.app.keeping.sealed_file import CHUNK
from promptops_server.infra.clock import now_us

_WAIT_SECONDS = 30.0
_PAGES = 4096  # copied between two reports of progress


class Snapshot:
    """The files as they were at `taken_at` (microseconds); everything acknowledged before it is in them."""

    def __init__(self, connections: dict[str, sqlite3.Connection], taken_at: int) -> None:
        self._connections = connections
        self.taken_at = taken_at

    @property
    def names(self) -> list[str]:
        return list(self._connections)

    def main(self) -> sqlite3.Connection:
        """The connection to the database itself."""
        return next(iter(self._connections.values()))

    def content(
        self, name: str, near: Path, on_pages: Callable[[int, int], None]
    ) -> Iterator[bytes]:
        """A whole database file, copied by SQLite's backup into a nameless file in the folder `near`.

        `on_pages` is told how many pages are done, of how many. Raises OSError or sqlite3.Error when there is no room.
        """
        file, path = tempfile.mkstemp(prefix=".promptops-backup-", dir=near)
        try:
            target = sqlite3.connect(path, isolation_level=None)
            try:
                target.execute("PRAGMA journal_mode=OFF")
                # A copy of everything, not encrypted: nobody is to find it when this process is killed.
                os.unlink(path)
                self._connections[name].backup(
                    target,
                    pages=_PAGES,
                    progress=lambda _status, left, total: on_pages(total - left, total),
                    sleep=0.0,
                )
            finally:
                target.close()
            os.lseek(file, 0, os.SEEK_SET)
            while chunk := os.read(file, CHUNK):
                yield chunk
        finally:
            os.close(file)
            with suppress(FileNotFoundError):
                os.unlink(path)


@contextmanager
def snapshot(files: list[Path]) -> Iterator[Snapshot]:
    """The files that are there, as they are at one moment; the first is the database, the others follow it.

    The database's one writer is held up while the snapshots are opened, which takes a millisecond: so no job is done in
    one file whose effect the other lacks, and no row says that a job was started which the other does not know.

    Raises:
        CannotKeep: no turn to write came within 30 seconds.
    """
    connections: dict[str, sqlite3.Connection] = {}
    held = _connect(files[0])
    try:
        try:
            held.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise CannotKeep(f"The database is busy or cannot be written: {error}.") from None
        taken_at = now_us()
        for file in files:
            if file.exists():
                connections[file.name] = reading = _connect(file)
                reading.execute("PRAGMA query_only=ON")
                # As long as this transaction is open, the copy is of this moment, however long it takes.
                reading.execute("BEGIN")
                reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        held.execute("ROLLBACK")
        yield Snapshot(connections, taken_at)
    finally:
        for connection in (held, *connections.values()):
            connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    # Never makes the file: a database that is gone must not come back empty.
    uri = f"{file.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_SECONDS)
