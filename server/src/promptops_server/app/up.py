"""`up` and `worker`: prepare, start, serve, stop, and tell the operator what is there."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from anyio.to_thread import current_default_thread_limiter
from sqlalchemy.exc import DBAPIError

from promptops_server.app import migrate, serve
from promptops_server.app.data_dir import DataDirLock, prepare
from promptops_server.app.errors import CannotStart
from promptops_server.app.installation import (
    FirstSignIn,
    ensure_administrator,
    ensure_installation,
)
from promptops_server.app.leaving import leave, leave_at_latest
from promptops_server.app.set_back import note_if_shorter
from promptops_server.app.welcome import DEMO_PASSWORD, Welcome, demo_access, print_welcome
from promptops_server.infra import logging
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.settings import Settings

if TYPE_CHECKING:
    from promptops_server.app.wiring import Services

log = structlog.get_logger(__name__)


def up(settings: Settings, *, demo: bool, may_migrate: bool) -> None:
    """Run everything in this process until SIGINT or SIGTERM.

    Args:
        demo: load the sample workspace and tell how to use it.
        may_migrate: apply pending migrations on PostgreSQL too.

    Raises:
        CannotStart: with one line for the operator.
    """
    logging.configure(settings.log.level, settings.log.format)
    with ExitStack() as stack, _terminated_like_interrupted():
        crashed = _hold_data_dir(settings, stack)
        listener = serve.bind(settings.server.host, settings.server.port)
        stack.callback(listener.close)
        port = listener.getsockname()[1]
        worker_id = settings.jobs.worker_id or f"{socket.gethostname()}:{port}"
        database = _open_database(settings, may_migrate=may_migrate)
        services = _services(settings, database, worker_id)
        stack.callback(services.stop)
        sign_in = ensure_administrator(database, DEMO_PASSWORD if demo else None)
        services.start()
        # Imported as late as the services, for the same reason.
        from promptops_server.app.api import http_app

        app = http_app(services)
        address = settings.server.public_url or f"http://{_reachable(settings.server.host)}:{port}"
        access = demo_access(services, settings.data_dir, address) if demo else None

        def ready() -> None:
            # Requests that use the database run in threads; the limit belongs to the event loop, which runs by now.
            current_default_thread_limiter().total_tokens = settings.limits.threads
            process = services.redis_process
            print_welcome(
                Welcome(
                    address,
                    settings,
                    sign_in or _known(demo),
                    access,
                    crashed_pid=crashed,
                    redis_port=process.tcp_port if process is not None else None,
                )
            )

        def stopping() -> None:
            leave_at_latest()
            services.end_streams()

        serve.run(
            app,
            listener,
            on_ready=ready,
            on_stopping=stopping,
            behind_proxy=settings.server.public_url is not None,
        )
        log.info("stopping")
    log.info("stopped")
    leave()


def work(settings: Settings) -> None:
    """Run jobs, outbox and reconciler without HTTP until SIGINT or SIGTERM. Raises CannotStart."""
    logging.configure(settings.log.level, settings.log.format)
    with ExitStack() as stack, _terminated_like_interrupted():
        _hold_data_dir(settings, stack)
        name = settings.jobs.worker_id or f"{socket.gethostname()}:worker:{os.getpid()}"
        database = _open_database(settings, may_migrate=False)
        services = _services(settings, database, name)
        stack.callback(services.stop)
        services.start()
        log.info("worker_ready", worker=name)
        stopped = threading.Event()
        with serve.handled_signals(lambda _number, _frame: stopped.set()):
            stopped.wait()
        leave_at_latest()
        log.info("stopping")
    log.info("stopped")
    leave()


def _hold_data_dir(settings: Settings, stack: ExitStack) -> int | None:
    """Lock the data directory when something embedded lives in it; returns a crashed run's process id."""
    prepare(settings.data_dir)
    if not settings.is_sqlite and settings.redis.url is not None:
        return None
    lock = stack.enter_context(DataDirLock(settings.data_dir))
    if lock.crashed_pid is not None:
        log.warning("earlier_run_crashed", pid=lock.crashed_pid)
    return lock.crashed_pid


def _open_database(settings: Settings, *, may_migrate: bool) -> Database:
    try:
        database = Database(settings.database_url, pool_size=settings.database.pool_size)
    except Exception as error:
        raise CannotStart(f"The database cannot be opened: {error}.") from None
    try:
        have = migrate.current(database)
        pending = migrate.pending(database)
        # An empty database has nothing that a migration could break or another server could still read.
        if pending and not database.is_sqlite and have is not None and not may_migrate:
            raise CannotStart(
                f"The database lacks {len(pending)} migration(s): run promptops-server migrate, "
                "or start with --migrate."
            )
        if pending:
            migrate.upgrade_apart(settings.database_url)
        ensure_installation(database)
        note_if_shorter(database, settings.checkpoint_file)
    except Unavailable as problem:
        database.close()
        cause = problem.__cause__
        text = str(getattr(cause, "orig", None) or problem.detail).strip().splitlines()[0]
        raise CannotStart(f"The database does not answer: {text}") from None
    except (
        DBAPIError
    ) as error:  # while migrating: no such file, no room on the disk, not a database
        database.close()
        text = str(error.orig).strip().splitlines()[0]
        raise CannotStart(
            f"The database {database.url.render_as_string()} cannot be used: {text}."
        ) from None
    except BaseException:
        database.close()
        raise
    return database


def _services(settings: Settings, database: Database, worker_id: str) -> Services:
    # Imported last: what is wrong with port, directory or database is told without waiting for everything to load.
    from promptops_server.app.wiring import Services

    try:
        # One embedded database has one process, so its interrupted jobs are always its own.
        return Services(settings, database, "embedded" if database.is_sqlite else worker_id)
    except BaseException:
        database.close()
        raise


def _known(demo: bool) -> FirstSignIn | None:
    """The demo's sign-in never changes, so it is told at every start."""
    return FirstSignIn("admin", DEMO_PASSWORD) if demo else None


def _reachable(host: str) -> str:
    """A host name a person on this machine can open."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """While starting and stopping, SIGTERM unwinds like Ctrl-C, so that everything started is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        leave_at_latest()
        raise KeyboardInterrupt

    try:
        with serve.handled_signals(interrupt):
            yield
    except KeyboardInterrupt:
        sys.stderr.write("promptops-server: stopped before it was ready\n")
        raise SystemExit(130) from None
