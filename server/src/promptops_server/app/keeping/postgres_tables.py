"""The tables of a PostgreSQL database that belong to an installation, and their rows as COPY writes and reads them.

COPY's text form, with the columns named: it means the same in every version of PostgreSQL, needs no program beside the
server, and one transaction sees all tables at one moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from promptops_server.infra.jobs_dbos import SCHEMA as JOBS_SCHEMA

SCHEMAS = ("public", JOBS_SCHEMA)
OF_MIGRATIONS = frozenset({"public.alembic_version", f"{JOBS_SCHEMA}.dbos_migrations"})
"""They say what the tables look like, and are written by who makes them."""

_TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND n.nspname = ANY(%s)
GROUP BY n.nspname, c.relname ORDER BY 1, 2
"""
_REFERENCES = """
SELECT n.nspname, c.relname, fn.nspname, f.relname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND c.oid <> f.oid AND n.nspname = ANY(%s)
"""
_SEQUENCES = (
    "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname = ANY(%s)"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table and its columns."""

    schema: str
    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    def identifier(self) -> sql.Identifier:
        """For statements."""
        return sql.Identifier(self.schema, self.table)


def driver(conn: Connection) -> psycopg.Connection[Any]:
    """The driver's own connection, in the same transaction."""
    found = conn.connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found


def tables(conn: psycopg.Connection[Any]) -> list[Rows]:
    """Every table with rows of the installation; what another refers to comes before it."""
    schemas = list(SCHEMAS)
    found = {
        rows.name: rows
        for schema, table, columns in conn.execute(_TABLES, (schemas,))
        if (rows := Rows(schema, table, tuple(columns))).name not in OF_MIGRATIONS
    }
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in found})
    for schema, table, of_schema, of_table in conn.execute(_REFERENCES, (schemas,)):
        if f"{of_schema}.{of_table}" in found and f"{schema}.{table}" in found:
            order.add(f"{schema}.{table}", f"{of_schema}.{of_table}")
    return [found[name] for name in order.static_order()]


def copy_out(conn: psycopg.Connection[Any], rows: Rows) -> Iterator[bytes]:
    """The rows as this transaction sees them."""
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(rows.identifier(), _columns(rows.columns))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for part in copy:
            yield bytes(part)


def copy_in(
    conn: psycopg.Connection[Any], rows: Rows, columns: Iterable[str], parts: Iterable[bytes]
) -> None:
    """Add rows that `copy_out` wrote with these columns."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(rows.identifier(), _columns(columns))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for part in parts:
            copy.write(part)


def clear(conn: psycopg.Connection[Any], rows: Rows) -> None:
    """Remove what a migration put there."""
    name = rows.identifier()
    if conn.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(name)).fetchone():
        conn.execute(sql.SQL("DELETE FROM {}").format(name))


def sequences(conn: psycopg.Connection[Any]) -> bytes:
    """The last value each sequence gave, None before its first. Read it after the snapshot has begun: it only grows."""
    found = conn.execute(_SEQUENCES, (list(SCHEMAS),)).fetchall()
    return json.dumps([list(row) for row in found]).encode()


def set_sequences(conn: psycopg.Connection[Any], written: bytes) -> None:
    """Let each sequence that is there go on after the value it had."""
    here = {(schema, name) for schema, name, _ in conn.execute(_SEQUENCES, (list(SCHEMAS),))}
    for schema, name, last in json.loads(written):
        if last is not None and (schema, name) in here:
            quoted = sql.Identifier(schema, name).as_string(conn)
            conn.execute("SELECT setval(%s::regclass, %s)", (quoted, last))


def _columns(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
