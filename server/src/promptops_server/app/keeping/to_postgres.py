"""Fill a PostgreSQL database with the rows of a backup, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, inspect, text

from promptops_server.app import migrate
from promptops_server.app.keeping import postgres_tables
from promptops_server.app.keeping.errors import BackupBroken, CannotKeep
from promptops_server.app.keeping.postgres_tables import Rows
from promptops_server.app.keeping.sealed_file import Begun
from promptops_server.app.migrations.tables import metadata
from promptops_server.infra.database import Database
from promptops_server.infra.jobs_dbos import make_jobs_schema

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def require_target(db: Database, *, replace: bool) -> None:
    """An empty database, or one that nobody uses and that is to be replaced. Raises CannotKeep."""
    with db.read() as conn:
        tables = inspect(conn).get_table_names()
        if not tables:
            return
        unfinished = "alembic_version" in tables and (
            conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
            == migrate.RESTORING
        )
        if not replace and not unfinished:
            raise CannotKeep(
                f"The database {db.url.database} is not empty: name an empty one, or say --replace, "
                "which gives up what is in it."
            )
        if conn.execute(text(_OTHERS)).scalar():
            raise CannotKeep(
                f"Others are connected to the database {db.url.database}: stop servers and workers first."
            )


def newest_epoch(db: Database) -> int:
    """The epoch of a database that is to be replaced; 0 when it has none."""
    with db.read() as conn:
        if not inspect(conn).has_table("installation"):
            return 0
        return int(conn.execute(text("SELECT max(epoch) FROM installation")).scalar() or 0)


@contextmanager
def filling(db: Database, revision: str) -> Iterator[Filling]:
    """Take members with `take`; when the block ends well, the database has this version's schema and the rows.

    It is marked so that no server starts on it before `finish` is through. When the block raises, nothing was changed.

    Raises:
        NewerSchema: a newer program made the backup.
    """
    make_jobs_schema(db.engine)
    with db.engine.begin() as conn:
        _drop(conn)
        migrate.upgrade_within(conn, revision)
        driver = postgres_tables.driver(conn)
        here = {rows.name: rows for rows in postgres_tables.tables(driver)}
        for rows in reversed(here.values()):  # what refers goes before what is referred to
            postgres_tables.clear(driver, rows)
        yield Filling(conn, here)
        migrate.upgrade_within(conn)
        conn.execute(
            text("UPDATE alembic_version SET version_num = :mark"), {"mark": migrate.RESTORING}
        )


class Filling:
    """A database being filled."""

    def __init__(self, conn: Connection, here: dict[str, Rows]) -> None:
        self._driver = postgres_tables.driver(conn)
        self._here = here

    def take(self, name: str, member: Begun) -> None:
        """The rows of one table. Raises BackupBroken when there is no such table at the backup's revision."""
        rows = self._here.get(name)
        if rows is None or not set(member.more["columns"]) <= set(rows.columns):
            raise BackupBroken(f"it has rows of {name} that its own version has no place for")
        postgres_tables.copy_in(self._driver, rows, member.more["columns"], member.chunks)

    def take_sequences(self, member: Begun) -> None:
        """Where numbers go on."""
        postgres_tables.set_sequences(self._driver, b"".join(member.chunks))


def _drop(conn: Connection) -> None:
    """Our tables; what else there is in the schema stays."""
    ours = {*metadata.tables, "prompt_search", "alembic_version"}
    there: list[Any] = inspect(conn).get_table_names()
    for table in sorted(ours & set(there)):
        conn.exec_driver_sql(f'DROP TABLE public."{table}" CASCADE')
    conn.exec_driver_sql("DROP FUNCTION IF EXISTS public.audit_append_only() CASCADE")
