"""Personal data beside the log: names, addresses, e-mails, each under a salted hash in the event, erasable here.

Owns the table's rows. Which parts of an event are personal is the model's; who may erase whom is `access`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from promptops.audit.personal import reveal, value_hash
from promptops_server.audit.tables import audit_personal

_OF_ENTRIES = select(audit_personal.c.seq, audit_personal.c.salt, audit_personal.c.data).where(
    audit_personal.c.log_id == bindparam("log_id"),
    audit_personal.c.seq.in_(bindparam("seqs", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class PersonalRow:
    """What an event says of one person: by place the value, and its hash under the row's salt."""

    subject: str
    salt: str
    values: Mapping[str, str]
    hashes: Mapping[str, str]


def by_name(name: str) -> str:
    """The `subject` of a person of whom only the name is known."""
    return "@" + name.casefold()[:100]


def seal(subject: str, values: Mapping[str, str]) -> PersonalRow:
    """Hash values under a new salt of 128 random bits."""
    salt = os.urandom(16).hex()
    hashes = {place: value_hash(salt, place, value) for place, value in values.items()}
    return PersonalRow(subject, salt, values, hashes)


def beside(conn: Connection, log_id: str, seqs: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Salt and values (JSON text) of each person, by entry."""
    found: dict[int, list[tuple[str, str]]] = {}
    for seq, salt, data in conn.execute(_OF_ENTRIES, {"log_id": log_id, "seqs": list(seqs)}):
        found.setdefault(seq, []).append((salt, data))
    return found


def revealed(
    conn: Connection, log_id: str, bodies: Iterable[tuple[int, str]]
) -> dict[int, dict[str, Any]]:
    """Entries (`seq` and text) as they are shown: with the personal data that is there."""
    entries = {seq: json.loads(body) for seq, body in bodies}
    rows = beside(conn, log_id, [seq for seq, entry in entries.items() if entry.get("personal")])
    for seq, entry in entries.items():
        values: dict[str, str] = {}
        for _, data in rows.get(seq, ()):
            values.update(json.loads(data))
        reveal(entry, values)
    return entries


def logs_about(conn: Connection, subject: str, name: str) -> list[str]:
    """Ids of the logs that hold personal data of a person."""
    whose = audit_personal.c.subject.in_((subject, by_name(name)))
    query = select(audit_personal.c.log_id).where(whose).distinct()
    return list(conn.execute(query).scalars())


def erase(conn: Connection, subject: str, name: str) -> int:
    """Delete what the logs hold of a person; returns of how many entries. Needs `maintenance.opened`."""
    gone = conn.execute(
        delete(audit_personal).where(audit_personal.c.subject.in_((subject, by_name(name))))
    )
    return gone.rowcount
