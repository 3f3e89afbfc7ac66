"""Read the log: a page of entries, newest first, with filters, or those after an entry in order.

Every filter goes along an index, and none reads more than it shows but for prefixes (see `among`): the log may be of
any length. Times are turned into sequence numbers first, as the log stands in the order of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, or_, select, text

from promptops_server.audit import among
from promptops_server.audit.personal import revealed
from promptops_server.audit.tables import audit_event
from promptops_server.infra import cursor

_SEQ = audit_event.c.seq
_AT_MIDDLE = """(SELECT e.occurred_at FROM audit_event e WHERE e.log_id = :log AND e.seq >= (h.low + h.high) / 2
    ORDER BY e.seq LIMIT 1)"""
# In one statement, as each step would be a round trip of its own.
_HALVING = text(f"""
    WITH RECURSIVE h(low, high) AS (
      SELECT (SELECT min(seq) FROM audit_event WHERE log_id = :log),
             (SELECT max(seq) + 1 FROM audit_event WHERE log_id = :log)
      UNION ALL
      SELECT CASE WHEN {_AT_MIDDLE} < :moment THEN (h.low + h.high) / 2 + 1 ELSE h.low END,
             CASE WHEN {_AT_MIDDLE} < :moment THEN h.high ELSE (h.low + h.high) / 2 END
      FROM h WHERE h.low < h.high
    ) SELECT low FROM h WHERE low >= high""")  # noqa: S608 - our own pieces


@dataclass(frozen=True, slots=True)
class Filter:
    """``None`` means any. `action` may end in ``.*``, `object` in ``*``; `until` is not in it."""

    actor: str | None = None
    """A user's row id."""
    action: str | None = None
    object: str | None = None
    outcome: str | None = None
    environment: str | None = None
    since: int | None = None
    """Microseconds since 1970."""
    until: int | None = None
    person: str | None = None
    """Row id of the user that `object` names, if it names one."""


def read_log(
    conn: Connection, log_id: str, where: Filter, *, limit: int, after: str | None
) -> cursor.Page[dict[str, Any]]:
    """Entries of one log, newest first, each with its `entry_hash`."""
    below = cursor.decode(after, int)[0] if after else newest(conn, log_id) + 1
    if where.until is not None:
        below = min(below, first_at(conn, log_id, where.until))
    least = first_at(conn, log_id, where.since) if where.since is not None else 1
    ranged = [below > _SEQ, least <= _SEQ]
    seqs = _matching(conn, log_id, where, ranged, limit + 1, newest_first=True)
    entries = entries_of(conn, log_id, seqs)
    return cursor.page(entries, limit, lambda e: (e["seq"],))


def read_after(
    conn: Connection, log_id: str, where: Filter, *, after: int, upto: int, limit: int
) -> list[dict[str, Any]]:
    """Entries behind `after`, up to `upto`, in the order they were written."""
    ranged = [after < _SEQ, upto >= _SEQ]
    seqs = _matching(conn, log_id, where, ranged, limit, newest_first=False)
    return entries_of(conn, log_id, seqs)


def entries_of(conn: Connection, log_id: str, seqs: Sequence[int]) -> list[dict[str, Any]]:
    """The entries of these numbers, in this order, as they are shown: with the personal data that is there."""
    if not seqs:
        return []
    rows = conn.execute(
        select(_SEQ, audit_event.c.body, audit_event.c.entry_hash).where(
            audit_event.c.log_id == log_id, _SEQ.in_(seqs)
        )
    ).all()
    hashes = {row.seq: row.entry_hash for row in rows}
    shown = revealed(conn, log_id, ((row.seq, row.body) for row in rows))
    return [{**shown[seq], "entry_hash": hashes[seq]} for seq in seqs if seq in shown]


def newest(conn: Connection, log_id: str) -> int:
    """The number of the log's last entry; 0 without any."""
    query = select(func.max(_SEQ)).where(audit_event.c.log_id == log_id)
    return conn.execute(query).scalar() or 0


def first_at(conn: Connection, log_id: str, moment: int) -> int:
    """The first entry at or after a time, by halving: entries stand in the order of their times, clocks willing."""
    found = conn.execute(_HALVING, {"log": log_id, "moment": moment}).scalar()
    return 1 if found is None else int(found)


def _matching(
    conn: Connection,
    log_id: str,
    where: Filter,
    ranged: list[ColumnElement[bool]],
    limit: int,
    *,
    newest_first: bool,
) -> list[int]:
    conditions = [audit_event.c.log_id == log_id, *ranged, *_plain(where)]

    def reading(*more: ColumnElement[bool]) -> Select[int]:
        order = _SEQ.desc() if newest_first else _SEQ
        return select(_SEQ).where(*conditions, *more).order_by(order).limit(limit)

    column, prefix, within = _prefix(where)
    if column is None:
        return list(conn.execute(reading()).scalars())
    values = among.values_below(conn, log_id, column, prefix, within)
    if values is None:
        return list(conn.execute(reading(column.startswith(prefix, autoescape=True))).scalars())
    found: list[int] = []
    for value in values:
        found += conn.execute(reading(column == value)).scalars()
    return sorted(found, reverse=newest_first)[:limit]


def _plain(where: Filter) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = []
    if where.actor:
        out.append(audit_event.c.actor == where.actor)
    if where.action and not where.action.endswith(".*"):
        out.append(audit_event.c.action == where.action)
    if where.object and not where.object.endswith("*"):
        one = audit_event.c.object_id == where.object
        out.append(or_(one, audit_event.c.object_id == where.person) if where.person else one)
    if where.outcome:
        out.append(audit_event.c.outcome == where.outcome)
        if where.outcome != "ok":  # says that the index of the other outcomes will do
            out.append(literal_column("audit_event.outcome <> 'ok'"))
    if where.environment:
        out.append(audit_event.c.environment == where.environment)
    if where.object and where.object.endswith("*"):
        if where.actor:
            out.append(audit_event.c.object_id.startswith(where.object[:-1], autoescape=True))
        elif where.action and where.action.endswith(".*"):
            out.append(audit_event.c.action.startswith(where.action[:-1], autoescape=True))
    return out


def _prefix(
    where: Filter,
) -> tuple[ColumnElement[str] | None, str, tuple[ColumnElement[str], str] | None]:
    """The column that is asked for by a beginning, that beginning, and what it is asked within."""
    if where.object and where.object.endswith("*") and not where.actor:
        return audit_event.c.object_id, where.object[:-1], None
    by_action = where.action is None or where.action.endswith(".*")
    if by_action and where.outcome in (None, "ok"):
        # Their indexes have the action before the number.
        prefix = (where.action or "*")[:-1]
        if where.actor and (not where.object or where.object.endswith("*")):
            return audit_event.c.action, prefix, (audit_event.c.actor, where.actor)
        if where.environment and not where.object:
            return audit_event.c.action, prefix, (audit_event.c.environment, where.environment)
    if where.action and where.action.endswith(".*"):
        return audit_event.c.action, where.action[:-1], None
    return None, "", None
