"""The history of migrations makes exactly the tables that the code declares."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from promptops_server.app import migrate
from promptops_server.app.migrations.tables import is_ours, metadata
from promptops_server.infra.database import Database


def test_migrations_make_exactly_the_declared_tables(any_database: Database) -> None:
    assert migrate.pending(any_database) == []
    with any_database.engine.connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"include_object": is_ours, "compare_type": True}
        )
        differences = compare_metadata(context, metadata)
    assert differences == []


def test_migrations_make_the_search_table_that_the_code_would_make(any_database: Database) -> None:
    def shape(db: Database) -> object:
        with db.engine.connect() as conn:
            if db.is_sqlite:
                return conn.execute(
                    text("SELECT sql FROM sqlite_master WHERE name = 'prompt_search'")
                ).scalar()
            found = inspect(conn)
            columns = [(c["name"], str(c["type"])) for c in found.get_columns("prompt_search")]
            indexes = sorted(i["name"] or "" for i in found.get_indexes("prompt_search"))
            return columns, indexes

    migrated = shape(any_database)
    metadata.drop_all(any_database.engine)
    metadata.create_all(any_database.engine)
    assert shape(any_database) == migrated


def test_migrations_use_no_code_of_the_product_that_could_change_their_meaning() -> None:
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    files = sorted(versions.glob("[0-9]*.py"))
    assert files
    for file in files:
        imported = {
            name.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        assert not {name for name in imported if name.startswith("promptops")}, file.name


def test_a_second_upgrade_does_nothing(any_database: Database) -> None:
    assert migrate.upgrade(any_database) == []


def test_a_database_of_a_newer_program_is_refused(database: Database) -> None:
    with database.write() as tx:
        tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.NewerSchema, match="9999"):
        migrate.upgrade(database)


def test_migrations_can_be_undone_to_nothing(tmp_path: Path) -> None:
    from alembic import command

    db = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    migrate.upgrade(db)
    with db.engine.begin() as conn:
        command.downgrade(migrate.alembic_config(conn), "base")
    with db.engine.connect() as conn:
        assert set(inspect(conn).get_table_names()) <= {"alembic_version"}
    db.close()
