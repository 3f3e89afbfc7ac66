"""Bring a database to the schema this program needs; the history itself is in `migrations`.

Alembic is imported only when there is something to do: a start on a current database costs one SELECT.
"""

from __future__ import annotations

import logging
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, inspect, text

from promptops_server.infra.database import Database

log = structlog.get_logger(__name__)

VERSIONS = Path(__file__).parent / "migrations" / "versions"

# Any constant works; it must only differ from the other advisory locks of this product.
_LOCK = text("SELECT pg_advisory_xact_lock(7310417883)")

RESTORING = "restoring"
"""Stands for the revision while a restore has filled the database and not ended: no server starts on it."""


class NewerSchema(Exception):
    """The database was written by a newer program; the text says which revision it has."""


def revisions() -> list[str]:
    """All revisions, oldest first."""
    return sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def current(db: Database) -> str | None:
    """The revision the database has, ``None`` when it is empty."""
    with db.read() as conn:
        return _current(conn)


def pending(db: Database) -> list[str]:
    """Revisions the database lacks.

    Raises:
        NewerSchema: it has one this program does not know.
    """
    return _pending(current(db))


def upgrade(db: Database) -> list[str]:
    """Apply what is pending, in one transaction; returns the revisions applied.

    Raises:
        NewerSchema: as `pending`.
    """
    with db.engine.begin() as conn:
        if not db.is_sqlite:
            conn.execute(_LOCK)  # two servers started at once
        todo = _pending(_current(conn))
        if not todo:
            return []
        from alembic import command

        command.upgrade(alembic_config(conn), "head")
    log.info("database_migrated", revisions=todo)
    return todo


def upgrade_within(conn: Connection, revision: str = "head") -> None:
    """Bring the database of this connection to a revision, in its transaction.

    Raises:
        NewerSchema: this program does not know the revision.
    """
    from alembic import command

    if revision != "head":
        _pending(revision)
    command.upgrade(alembic_config(conn), revision)


def upgrade_apart(url: str) -> list[str]:
    """The same in a process of its own: what Alembic takes, 12 MB, a server would keep as long as it runs.

    The address travels through a pipe, since it may hold a password. What the other process raises is raised here.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        todo = process.submit(_upgrade_at, url).result()
    if todo:
        log.info("database_migrated", revisions=todo)
    return todo


def _upgrade_at(url: str) -> list[str]:
    # Ctrl-C reaches both processes; the first one decides what comes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    db = Database(url)
    try:
        return upgrade(db)
    finally:
        db.close()


def alembic_config(conn: Connection) -> Any:
    """Alembic's configuration for this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.set_main_option("file_template", "%%(rev)s_")
    config.attributes["connection"] = conn
    return config


def _current(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def _pending(have: str | None) -> list[str]:
    known = revisions()
    if have is None:
        return known
    if have == RESTORING:
        raise NewerSchema(
            "A restore into this database did not end: repeat it with "
            "promptops-server restore FILE --replace."
        )
    if have not in known:
        raise NewerSchema(
            f"The database has revision {have}, this program knows up to {known[-1]}: "
            "it was written by a newer PromptOps. Start that version instead."
        )
    return known[known.index(have) + 1 :]
