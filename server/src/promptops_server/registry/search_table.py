"""The search table's own DDL, which differs between the databases: FTS5 on SQLite, tsvectors with GIN on PostgreSQL.

It runs with `metadata.create_all`; the migrations write their own out. What is in the rows is `search`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event

from promptops_server.infra.tables import metadata

# Indexed beginnings of up to three characters, since a short one would otherwise collect half the dictionary.
_CREATE_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS prompt_search USING fts5(words, detail=column,"
    " prefix='1 2 3', tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")",
)
_CREATE_POSTGRES = (
    "CREATE TABLE IF NOT EXISTS prompt_search (prompt_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ix_prompt_search_words ON prompt_search USING gin (words)",
)


def create_search(conn: Connection) -> None:
    """Make the search table and its indexes unless they are there."""
    for statement in _CREATE_SQLITE if conn.dialect.name == "sqlite" else _CREATE_POSTGRES:
        conn.exec_driver_sql(statement)


def drop_search(conn: Connection) -> None:
    """Remove the search table, if it is there."""
    conn.exec_driver_sql("DROP TABLE IF EXISTS prompt_search")


@event.listens_for(metadata, "after_create")
def _after_create(_target: Any, connection: Connection, **_: Any) -> None:
    create_search(connection)


@event.listens_for(metadata, "before_drop")
def _before_drop(_target: Any, connection: Connection, **_: Any) -> None:
    drop_search(connection)
