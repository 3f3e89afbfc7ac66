"""Where a backup is to be restored: what must hold of it before anything is changed, and what it was."""

from __future__ import annotations

import sqlite3

import redis

from promptops_server.app.keeping.backup import DATABASE, JOBS, SECRET
from promptops_server.app.keeping.errors import CannotKeep
from promptops_server.app.redis_address import address_of
from promptops_server.infra.redis import connect
from promptops_server.infra.settings import Settings


def require_engine(settings: Settings, engine: str) -> None:
    if settings.is_sqlite == (engine == "sqlite"):
        return
    if settings.is_sqlite:
        raise CannotKeep(
            "This is the backup of a PostgreSQL installation: name a database with --database-url."
        )
    raise CannotKeep(
        "This is the backup of an SQLite installation: restore it with --data, without a database URL."
    )


def require_empty(settings: Settings) -> None:
    names = (DATABASE, JOBS) if settings.is_sqlite else ()
    there = [name for name in (*names, SECRET) if (settings.data_dir / name).exists()]
    if not settings.is_sqlite and there == [SECRET]:
        return  # the machine is the same; whether the secret is, the signing keys will tell
    if there:
        raise CannotKeep(
            f"{settings.data_dir} is not empty ({', '.join(there)}): name another directory, or say --replace, "
            "which sets aside what is in it."
        )


def require_redis(settings: Settings) -> None:
    """Asked before anything is changed; `finish` asks it again."""
    if not settings.redis.url:
        return
    try:
        connect(address_of(settings), timeout=10).ping()
    except redis.RedisError as error:
        raise CannotKeep(
            f"Redis does not answer ({error}); start it, or leave it out: servers rebuild it."
        ) from None


def old_epoch(settings: Settings) -> int:
    """The epoch of the database that is replaced; 0 when there is none that can be read."""
    file = settings.data_dir / DATABASE
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(file) as connection:
            found = connection.execute("SELECT max(epoch) FROM installation").fetchone()[0]
        connection.close()
    except sqlite3.Error:
        return 0
    return int(found or 0)
