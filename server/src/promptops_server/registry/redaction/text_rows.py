"""The rows besides Git that may hold a text: messages, working copies, views, kept answers. Found, and rewritten.

Owns the list of columns. Comparing happens here and not in the database, whose own log must not see the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, select, true, update

from promptops_server.audit.tables import audit_event
from promptops_server.infra.tables import idempotency_key, outbox
from promptops_server.registry.finding.tables import view
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.tables import project, version
from promptops_server.registry.working_copies.tables import working_copy

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of one table that hold text or JSON. `of` is the column with the project's row id, if there is one."""

    name: str
    table: Table
    texts: Sequence[str]
    json: Sequence[str] = ()
    of: Column[Any] | None = None

    def where(self, project_id: str) -> ColumnElement[bool]:
        """The rows to look at; of tables that know no project, all."""
        return true() if self.of is None else self.of == project_id


PLACES: tuple[Place, ...] = (
    Place("project", project, ("title", "description"), of=project.c.id),
    Place("messages", version, ("message", "author_text"), of=version.c.project_id),
    Place(
        "working_copies",
        working_copy,
        ("message", "text", "undo_text"),
        of=working_copy.c.project_id,
    ),
    Place("views", view, (), ("query",), of=view.c.project_id),
    Place("kept_answers", idempotency_key, (), ("body",)),
    Place("outbox", outbox, (), ("payload",)),
)


def find_rows(conn: Connection, project_id: str, replacer: Replacer) -> dict[str, int]:
    """How many rows of each place hold a text; places without are missing."""
    found = {
        place.name: sum(1 for _ in _changes(conn, place, place.where(project_id), replacer))
        for place in PLACES
    }
    return {name: count for name, count in found.items() if count}


def redact_rows(conn: Connection, project_id: str, replacer: Replacer) -> dict[str, int]:
    """Take the texts out of them; how many rows of each place changed. Raises NeverEnds."""
    done: dict[str, int] = {}
    for place in PLACES:
        count = redact_place(conn, place, project_id, replacer)
        if count:
            done[place.name] = count
    return done


def redact_place(conn: Connection, place: Place, project_id: str, replacer: Replacer) -> int:
    """The same of one place. Raises NeverEnds."""
    changes = list(_changes(conn, place, place.where(project_id), replacer))
    keys = list(place.table.primary_key)
    for key, values in changes:
        statement = update(place.table)
        for column in keys:
            statement = statement.where(column == bindparam(f"b_{column.name}"))
        conn.execute(statement.values(**values), {f"b_{name}": v for name, v in key.items()})
    return len(changes)


def events_holding(conn: Connection, project_id: str, replacer: Replacer) -> int:
    """Events of the project's audit log that hold a text. They stay: the log is never changed."""
    rows = conn.execute(
        select(audit_event.c.body)
        .where(audit_event.c.log_id == project_id)
        .execution_options(yield_per=_BATCH)
    )
    return sum(1 for row in rows if replacer.in_json(row.body))


def _changes(
    conn: Connection, place: Place, where: ColumnElement[bool], replacer: Replacer
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Key and new values of each row that changes."""
    table = place.table
    keys = [column.name for column in table.primary_key]
    columns = [table.c[name] for name in (*keys, *place.texts, *place.json)]
    for row in conn.execute(select(*columns).where(where).execution_options(yield_per=_BATCH)):
        held = row._mapping
        values = {n: replacer.text(held[n]) for n in place.texts if replacer.in_text(held[n])}
        values |= {n: replacer.json(held[n]) for n in place.json if replacer.in_json(held[n])}
        if values:
            yield {name: held[name] for name in keys}, values
