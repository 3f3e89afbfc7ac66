"""Where a database still holds a text: every column of every table, compressed or not, and the file itself."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from promptops_server.infra.database import Database


def places_holding(db: Database, secret: str) -> set[str]:
    """`table.column` of every place, and `file` or `log` for SQLite's own files."""
    forms = {secret.encode(), json.dumps(secret)[1:-1].encode(), secret.lower().encode()}
    found: set[str] = set()
    with db.engine.connect() as conn:
        for table in inspect(conn).get_table_names():
            for row in conn.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    if any(form in content for content in _contents(value) for form in forms):
                        found.add(f"{table}.{column}")
    if db.is_sqlite:
        for name in ("", "-wal"):
            path = Path(f"{db.url.database}{name}")
            if path.exists() and any(form in path.read_bytes() for form in forms):
                found.add("file" + name)
    return found


def _contents(value: Any) -> list[bytes]:
    if isinstance(value, bytes | memoryview):
        data = bytes(value)
        try:
            return [data, zlib.decompress(data)]
        except zlib.error:
            return [data]
    return [str(value).encode()]
