"""Which values of an indexed column begin with a text: by leaping from one to the next along the index.

A page of "everything that begins with" is then the newest of a few lists that are in order already, instead of a sort
of all that matches.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

MOST = 100
"""More different values are not listed; the log is then read backwards and what matches is picked out."""


def values_below(conn: Connection, log_id: str, column: Any, prefix: str) -> list[str] | None:
    """The values that begin with `prefix`; None when there are too many.

    The database's collation decides what comes after what, so that beginnings need not stand together: every value
    of the column is leapt over. Thus None is also the answer for a column of more than `MOST` values.
    """
    name = column.name
    # Our own column names; what users give are parameters.
    query = text(f"""
        WITH RECURSIVE leap(value, number) AS (
          SELECT (SELECT min({name}) FROM audit_event WHERE log_id = :log), 1
          UNION ALL
          SELECT (SELECT min({name}) FROM audit_event WHERE log_id = :log AND {name} > leap.value),
                 leap.number + 1
          FROM leap WHERE leap.value IS NOT NULL AND leap.number <= :most
        ) SELECT value FROM leap WHERE value IS NOT NULL""")  # noqa: S608
    found = list(conn.execute(query, {"log": log_id, "most": MOST}).scalars())
    if len(found) > MOST:
        return None
    return [value for value in found if value.startswith(prefix)]
