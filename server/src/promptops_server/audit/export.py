"""A log, or a time of it, as the lines of a file that can be checked without this server.

The file is JSON lines: what is exported and from which state of the tree, the checkpoints, each entry byte for byte,
and a last line that says it is whole. The export is an event of the log itself, and the last one in the file; a
checkpoint is made over it first. `promptops.audit.export_file` reads the file, `promptops audit verify` checks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops.audit import export_file
from promptops.audit.merkle import cover
from promptops.audit.personal import personal_line
from promptops_server import __version__
from promptops_server.audit import personal
from promptops_server.audit.cef import cef_line
from promptops_server.audit.checkpoints import (
    CheckpointDeps,
    Log,
    PastChanged,
    installation_id,
    make_checkpoint,
)
from promptops_server.audit.model import GENESIS, INSTALLATION_LOG, AuditEvent, AuditObject
from promptops_server.audit.read import Filter, first_at, newest, read_after
from promptops_server.audit.record import record
from promptops_server.audit.removed import Removed, removed
from promptops_server.audit.tables import audit_checkpoint, audit_event
from promptops_server.audit.tree import StoredTree
from promptops_server.infra import clock
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.project_lock import hold_project

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a log; microseconds, ``None`` for no bound. `until` is not in it."""

    of: Log
    since: int | None = None
    until: int | None = None


def begin_export(deps: CheckpointDeps, actor: Actor, asked: Asked) -> None:
    """Record that the log is exported, and sign it as it then is.

    A log whose past was changed, or a server that cannot sign now, does not keep anybody from reading: the file then
    shows it.
    """
    project_id = None if asked.of.log_id == INSTALLATION_LOG else asked.of.log_id
    after = {
        "since": None if asked.since is None else clock.to_text(asked.since),
        "until": None if asked.until is None else clock.to_text(asked.until),
    }
    event = AuditEvent(
        "audit.export",
        AuditObject("audit_log", asked.of.name),
        actor,
        project=None if project_id is None else asked.of.name,
        after=after,
    )
    with deps.db.write() as tx:
        if project_id is not None:
            hold_project(tx.conn, project_id)
        record(tx, event, project_id=project_id)
    try:
        make_checkpoint(deps, asked.of)
    except (PastChanged, Unavailable, OSError):
        return


def export_lines(db: Database, keys: Callable[[], bytes], asked: Asked) -> Iterator[bytes]:
    """The file, some lines at a time; each part is read in a transaction of its own."""
    log_id = asked.of.log_id
    with db.read() as conn:
        size = StoredTree(conn, log_id).size()
        gone = removed(conn, log_id)
        first = 1 if asked.since is None else first_at(conn, log_id, asked.since)
        first = max(first, 1 + (gone.size if gone else 0))
        last = first_at(conn, log_id, asked.until) - 1 if asked.until is not None else size
        last = max(last, first - 1)
        head = _head(conn, asked, gone, size=size, first=first, last=last)
        signed = conn.execute(
            select(audit_checkpoint.c.text, audit_checkpoint.c.key_id, audit_checkpoint.c.signature)
            .where(audit_checkpoint.c.log_id == log_id, audit_checkpoint.c.size >= first)
            .order_by(audit_checkpoint.c.size)
        ).all()
    head["keys"] = json.loads(keys())
    yield export_file.line(head)
    yield b"".join(
        export_file.line({"checkpoint": {"text": t, "key_id": k, "signature": s}})
        for t, k, s in signed
    )
    written = 0
    at = first - 1
    while at < last:
        with db.read() as conn:
            rows = conn.execute(
                select(audit_event.c.seq, audit_event.c.entry_hash, audit_event.c.body)
                .where(
                    audit_event.c.log_id == log_id,
                    audit_event.c.seq > at,
                    audit_event.c.seq <= last,
                )
                .order_by(audit_event.c.seq)
                .limit(_PAGE)
            ).all()
            beside = personal.beside(conn, log_id, [r.seq for r in rows])
        if not rows:
            break
        at = rows[-1].seq
        written += len(rows)
        yield b"".join(_lines_of(r, beside.get(r.seq)) for r in rows)
    yield export_file.line({"end": {"entries": written}})


def cef_lines(db: Database, asked: Asked) -> Iterator[bytes]:
    """The same entries as lines of CEF, for a SIEM; they prove nothing by themselves."""
    log_id = asked.of.log_id
    with db.read() as conn:
        at = 0 if asked.since is None else first_at(conn, log_id, asked.since) - 1
        last = newest(conn, log_id)
        if asked.until is not None:
            last = min(last, first_at(conn, log_id, asked.until) - 1)
    while at < last:
        with db.read() as conn:
            page = read_after(conn, log_id, Filter(), after=at, upto=last, limit=_PAGE)
        if not page:
            return
        at = page[-1]["seq"]
        lines = "".join(cef_line(entry, __version__) + "\n" for entry in page)
        yield lines.encode("utf-8", "replace")


def _lines_of(row: Any, beside: list[tuple[str, str]] | None) -> bytes:
    line = export_file.entry_line(row.entry_hash, row.body.encode())
    return personal_line(row.seq, beside) + line if beside else line


def _head(
    conn: Connection, asked: Asked, gone: Removed | None, *, size: int, first: int, last: int
) -> dict[str, Any]:
    before = first - 1
    tree = StoredTree(conn, asked.of.log_id)
    prev = conn.execute(
        select(audit_event.c.entry_hash).where(
            audit_event.c.log_id == asked.of.log_id, audit_event.c.seq == before
        )
    ).scalar()
    if gone is not None and before == gone.size:
        prev = gone.prev_hash
    try:
        tree.complete_to(before)
        nodes = [tree.node(*at).hex() for at in cover(0, before)]
    except LookupError:  # rows are missing before the part: nothing of it can be anchored
        nodes = []
    return {
        "promptops_audit_export": export_file.VERSION,
        "installation": installation_id(conn),
        "log_id": asked.of.log_id,
        "name": asked.of.name,
        "exported_at": clock.to_text(clock.now_us()),
        "size": size,
        "first": first,
        "last": last,
        "since": None if asked.since is None else clock.to_text(asked.since),
        "until": None if asked.until is None else clock.to_text(asked.until),
        "removed": None
        if gone is None
        else {"to": gone.size, "checkpoint": gone.checkpoint, "at": clock.to_text(gone.removed_at)},
        "start": {"prev_hash": prev or GENESIS, "nodes": nodes},
    }
