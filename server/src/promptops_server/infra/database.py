"""The SQL database: one read side, one write side, the same calls on SQLite and PostgreSQL.

A write is one transaction that carries everything a change consists of; `after_commit` is the place for what may
only happen once it is durable. SQLite has a single writer, so writes queue fairly inside the process (`FairLock`)
and wait for other processes with a busy timeout; PostgreSQL writers meet at the project lock (`project_lock`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from promptops_server.infra.checkpoints import Checkpoints, log_pragmas
from promptops_server.infra.clock import now_us
from promptops_server.infra.fair_lock import FairLock
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.scrub import scrub_file, vacuum

log = structlog.get_logger(__name__)

WRITE_WAIT_SECONDS = 30.0

_WRITER_CACHE_KB = 8_000
_READER_CACHE_KB = 6_000

_Result = TypeVar("_Result")


class Transaction:
    """One write. `now` is its acknowledgement time, the same for every row it writes (microseconds).

    `policy_version` says which access policies this process decided by; None outside of a server.
    """

    __slots__ = ("_afterwards", "_hooks", "conn", "now", "policy_version")

    def __init__(self, conn: Connection, now: int, policy_version: str | None = None) -> None:
        self.conn = conn
        self.now = now
        self.policy_version = policy_version
        self._hooks: list[Callable[[], None]] = []
        self._afterwards: list[Callable[[], None]] = []

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Run `hook` in this thread right after the commit. It may fail without undoing anything."""
        self._hooks.append(hook)

    def afterwards(self, hook: Callable[[], None]) -> None:
        """Run `hook` in this thread when this write is over, kept or rolled back; it may write for itself.

        For what has to be remembered of an attempt that left nothing, such as a wrong password.
        """
        self._afterwards.append(hook)

    def run_hooks(self) -> None:
        """What waited for the commit."""
        self._run(self._hooks)

    def run_afterwards(self) -> None:
        """What waited for the end, however it came."""
        self._run(self._afterwards)

    def _run(self, hooks: list[Callable[[], None]]) -> None:
        for hook in hooks:
            try:
                hook()
            except Exception:
                # The commit is acknowledged already; the outbox repeats what this hook would have done.
                log.exception("after_commit_failed", hook=getattr(hook, "__qualname__", repr(hook)))


class Database:
    """Opened once per process.

    Args:
        url: a SQLAlchemy URL; ``sqlite:///file`` or ``postgresql://…`` (the psycopg driver is chosen).
        pool_size: connections kept for reads (and on PostgreSQL for writes).
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = _with_driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer_turn = FairLock()
        self._local = threading.local()
        self._checkpoints: Checkpoints | None = None
        self.policy_version: Callable[[], str | None] = lambda: None
        """Which access policies are in force, as every write carries it; set where the policies are."""
        if self.is_sqlite:
            self._read_engine = _sqlite_engine(self.url, writer=False, pool_size=pool_size)
            self._write_engine = _sqlite_engine(self.url, writer=True, pool_size=1)
            self._checkpoints = Checkpoints(str(self.url.database), self._writer_turn)
        else:
            self._read_engine = create_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                pool_recycle=1800,
                hide_parameters=True,  # an error's text goes to the log; what people sent stays out of it
            )
            self._write_engine = self._read_engine

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and diagnosis only."""
        return self._write_engine

    @property
    def connections(self) -> tuple[int, int]:
        """Connections for reading in use now, and how many there may be at once."""
        pool = self._read_engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout(), pool.size() + pool._max_overflow

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot for reading."""
        with _as_unavailable(), self._read_engine.connect() as conn:
            if not self.is_sqlite:
                conn = conn.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with conn.begin():
                yield conn

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One write transaction; rolled back when the block raises.

        Raises:
            Unavailable: the database is down, or no turn to write came within 30 seconds.
        """
        if getattr(self._local, "writing", False):
            raise RuntimeError("write() inside write(): pass the Transaction down instead")
        if self.is_sqlite and not self._writer_turn.acquire(WRITE_WAIT_SECONDS):
            raise Unavailable(
                "The database is busy: no turn to write came within 30 seconds.",
                remedy="Try again; if it lasts, look at long imports in the log.",
            )
        self._local.writing = True
        policy = self.policy_version()  # as the block before the write decided by, at the latest
        tx: Transaction | None = None
        try:
            try:
                with _as_unavailable(), self._write_engine.begin() as conn:
                    tx = Transaction(conn, now_us(), policy)
                    yield tx
                if self._checkpoints is not None:
                    self._checkpoints.committed()
            finally:
                self._local.writing = False
                if self.is_sqlite:
                    self._writer_turn.release()
            tx.run_hooks()
        finally:
            if tx is not None:
                tx.run_afterwards()

    def scrub(self, tables: Iterable[str]) -> None:
        """Make the database forget what was deleted from these tables; on SQLite from all. Not inside `write`.

        Raises:
            Unavailable: others kept it busy; nothing is lost, and it can be tried again.
        """
        if not self.is_sqlite:
            with _as_unavailable():
                vacuum(self._write_engine, tables)
            return
        if not self._writer_turn.acquire(WRITE_WAIT_SECONDS):
            raise Unavailable("The database is busy: no turn to write came within 30 seconds.")
        try:
            scrub_file(str(self.url.database))
        finally:
            self._writer_turn.release()

    def close(self) -> None:
        """Close every connection."""
        if self._checkpoints is not None:
            self._checkpoints.close()
        self._read_engine.dispose()
        self._write_engine.dispose()


def _with_driver(url: URL) -> URL:
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _sqlite_engine(url: URL, *, writer: bool, pool_size: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError(
            "SQLite needs a file: an in-memory database cannot be shared between threads"
        )
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0 if writer else pool_size,
        pool_use_lifo=True,  # so that few caches are warm instead of all lukewarm
        connect_args={"check_same_thread": False, "timeout": 10.0},
    )

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = (
            None  # we say BEGIN ourselves; the driver's own implicit BEGIN is deferred
        )
        cursor = dbapi.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged commit survives power loss
            "foreign_keys=ON",
            "busy_timeout=10000",
            "temp_store=MEMORY",
            # Every connection fills a cache of its own; the operating system keeps the pages of all of them once.
            f"cache_size=-{_WRITER_CACHE_KB if writer else _READER_CACHE_KB}",
            *log_pragmas(),
        ):
            cursor.execute(f"PRAGMA {pragma}")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine, "begin")
    def _on_begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def again_if_taken(work: Callable[[], _Result]) -> _Result:
    """Do `work`, a whole write; once more when another made the same row between its look and its insert.

    That happens on PostgreSQL, to rows no project lock guards. The second time `work` finds the other's row, and answers
    as it does for every name that is taken.
    """
    try:
        return work()
    except IntegrityError:
        return work()


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "readonly database" in str(error.orig):
            raise  # a mistake of ours, not the database's absence
        log.warning("database_unavailable", error=str(error.orig))
        if "disk" in str(error.orig):  # SQLite: "disk I/O error", "database or disk is full"
            raise Unavailable(
                f"The database could not be written: {error.orig}. Nothing was stored.",
                remedy="Tell the operator: the server's disk may be full.",
            ) from error
        raise Unavailable(
            "The database did not answer.", remedy="Try again; `promptops-server doctor` says more."
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(
                "The connection to the database was lost.", remedy="Try again."
            ) from error
        raise
