"""Which values of an indexed column begin with a text: by leaping from one to the next along the index.

A page of "everything that begins with" is then the newest of a few lists that are in order already, instead of a sort
of all that matches.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

MOST = 300
"""More different values are not listed; the log is then read backwards and what matches is picked out."""


def values_below(
    conn: Connection, log_id: str, column: Any, prefix: str, within: tuple[Any, str] | None = None
) -> list[str] | None:
    """The values that begin with `prefix`; None when there are too many.

    With `within`, a column and its value, those of such entries; an index has that column before.

    The database's collation decides what comes after what, so that beginnings need not stand together: every value
    of the column is leapt over. Thus None is also the answer for a column of more than `MOST` values.
    """
    name = column.name
    given: dict[str, Any] = {"log": log_id, "most": MOST}
    more = ""
    if within is not None:
        more = f" AND {within[0].name} = :within"
        given["within"] = within[1]
    # Our own column names; what users give are parameters.
    query = text(f"""
        WITH RECURSIVE leap(value, number) AS (
          SELECT (SELECT min({name}) FROM audit_event WHERE log_id = :log{more}), 1
          UNION ALL
          SELECT (SELECT min({name}) FROM audit_event WHERE log_id = :log{more} AND {name} > leap.value),
                 leap.number + 1
          FROM leap WHERE leap.value IS NOT NULL AND leap.number <= :most
        ) SELECT value FROM leap WHERE value IS NOT NULL""")  # noqa: S608
    found = list(conn.execute(query, given).scalars())
    if len(found) > MOST:
        return None
    return [value for value in found if value.startswith(prefix)]
