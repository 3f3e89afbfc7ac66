"""Reading rows of what is live in batches that fit every engine's limit on parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, bindparam, select

from promptops_server.releases.tables import live

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

CHUNK = 400
"""Values in one IN list: below every engine's limit on parameters."""

_IN_FORCE: Select[*tuple[object, ...]] = select(
    live.c.id,
    live.c.path,
    live.c.state,
    live.c.version,
    live.c.digest,
    live.c.extension,
    live.c.blob_oid,
    live.c.reason,
    live.c.from_release,
).where(
    live.c.environment_id == bindparam("environment_id"),
    live.c.to_release.is_(None),
)
_CURRENT = _IN_FORCE.where(live.c.path.in_(bindparam("paths", expanding=True)))
# The most common release changes one prompt; a list of parameters is expanded anew at every call.
_CURRENT_ONE = _IN_FORCE.where(live.c.path == bindparam("path"))


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """The values in runs that fit an IN list."""
    for at in range(0, len(values), size):
        yield list(values[at : at + size])


def current_rows(conn: Connection, environment_id: str, paths: Sequence[str]) -> dict[str, AnyRow]:
    """The rows in force now at these paths, as in `live`."""
    if len(paths) == 1:
        params = {"environment_id": environment_id, "path": paths[0]}
        return {row.path: row for row in conn.execute(_CURRENT_ONE, params)}
    found: dict[str, AnyRow] = {}
    for some in chunks(paths):
        rows = conn.execute(_CURRENT, {"environment_id": environment_id, "paths": some})
        found.update((row.path, row) for row in rows)
    return found


def rows_under(conn: Connection, environment_id: str, module: str = "") -> dict[str, AnyRow]:
    """The rows in force now under a module, or all of them, as in `live`; by path."""
    prefix = f"{module}/" if module else ""
    query = _IN_FORCE
    if prefix:
        query = query.where(live.c.path.startswith(prefix, autoescape=True))
    rows = conn.execute(query.order_by(live.c.path), {"environment_id": environment_id})
    # SQLite's LIKE takes `A/` for `a/`.
    return {row.path: row for row in rows if row.path.startswith(prefix)}
