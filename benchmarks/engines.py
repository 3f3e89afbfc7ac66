"""The two databases a figure is measured on: SQLite, and PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.stage import postgres


def engines() -> Iterator[tuple[str, tuple[str, ...]]]:
    """A name for the table and the server's arguments, once per database; each database is fresh."""
    yield "SQLite", ()
    with postgres() as url:
        if url is not None:
            yield "PostgreSQL", ("--database-url", url, "--migrate")
