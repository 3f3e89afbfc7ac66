"""Signed checkpoints: made of a log that has grown, kept beside it, and appended to a file outside the database.

Before a new one is signed, the tree at the size of the one before must still have the root that was signed then: this
server does not put its name under a log whose past was changed. Owns making and reading them; the hashes are `tree`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, insert, select, text

from promptops.audit.checkpoint import Checkpoint, NotACheckpoint, SignedCheckpoint
from promptops_server.audit.tables import audit_checkpoint, audit_event, audit_subtree
from promptops_server.audit.tree import StoredTree
from promptops_server.infra import clock, cursor
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict
from promptops_server.infra.tables import installation

log = structlog.get_logger(__name__)

_NEWEST_BYTES = 256 * 1024
_MINUTE_US = 60 * 1_000_000
# Any constant works; it must only differ from the other advisory locks of this product.
_LOCK = text("SELECT pg_advisory_xact_lock(7310417885)")
_SUBTREES = BulkInsert(audit_subtree, ("log_id", "level", "number", "hash"))


@dataclass(frozen=True, slots=True)
class Log:
    """A log by its id and by the name people know: the project's, or ``installation``."""

    log_id: str
    name: str


@dataclass(frozen=True, slots=True)
class CheckpointDeps:
    """`sign` gives key id and base64 signature of a checkpoint's text; `file` is what checkpoints are appended to."""

    db: Database
    sign: Callable[[str], tuple[str, str]]
    file: Path


class PastChanged(Conflict):
    """The log no longer contains what an earlier checkpoint of it was signed over."""

    slug = "audit-past-changed"
    title = "The log's past was changed"


def make_checkpoint(deps: CheckpointDeps, of: Log) -> SignedCheckpoint | None:
    """Sign the log as it is now; None when it has not grown since the last one, or another process just did.

    Raises:
        PastChanged: it is shorter than at its last checkpoint, entries are missing, or its tree is another one.
        Unavailable: no signing key is loaded, or the database does not answer.
    """
    with deps.db.read() as conn:
        before = newest(conn, of.log_id)
        tree = StoredTree(conn, of.log_id)
        size = tree.size()
        if size == (before.size if before else 0):
            return None
        try:
            tree.complete_to(size)
            root = tree.root(size)
            same = before is None or (
                before.size < size and tree.root(before.size).hex() == before.root
            )
        except LookupError:
            raise PastChanged(
                f"Entries of the audit log {of.name} are missing before entry {size}.",
                remedy=_REMEDY,
            ) from None
        if before is not None and not same:
            raise PastChanged(
                f"The audit log {of.name} does not contain what was signed as its first {before.size} entries.",
                remedy=_REMEDY,
            )
        owner = installation_id(conn)
    with deps.db.write() as tx:
        if not deps.db.is_sqlite:
            tx.conn.execute(_LOCK)
        again = newest(tx.conn, of.log_id)
        if (again.size if again else 0) != (before.size if before else 0):
            return None
        value = Checkpoint(owner, of.log_id, of.name, size, root.hex(), clock.to_text(tx.now))
        line = value.to_text()
        made = SignedCheckpoint(line, *deps.sign(line))
        _SUBTREES(
            tx.conn, [(of.log_id, level, number, h) for (level, number), h in tree.new.items()]
        )
        tx.conn.execute(
            insert(audit_checkpoint),
            {
                "log_id": of.log_id,
                "size": size,
                "root": value.root,
                "time": tx.now,
                "key_id": made.key_id,
                "signature": made.signature,
                "text": line,
            },
        )
    # After the commit: a file ahead of its database must always mean that the database went back.
    append(deps.file, made)
    return made


_REMEDY = (
    "Do not write here any further: export the log and check it with `promptops audit verify`, "
    "with the checkpoint file beside it."
)


def make_due(deps: CheckpointDeps, logs: Iterable[Log], *, events: int, minutes: float) -> int:
    """Make a checkpoint of every log that has so many events without one, or one so old; returns how many."""
    made = 0
    for of in logs:
        if not _is_due(deps.db, of.log_id, events, minutes):
            continue
        try:
            made += make_checkpoint(deps, of) is not None
        except PastChanged as problem:  # the other logs are not to suffer; `doctor` tells as well
            log.error("audit_past_changed", log=of.name, reason=problem.detail)
        except OSError as error:
            log.error("checkpoint_file_unwritable", file=str(deps.file), reason=str(error))
    return made


def _is_due(db: Database, log_id: str, events: int, minutes: float) -> bool:
    with db.read() as conn:
        last = newest(conn, log_id)
        done = last.size if last else 0
        size = StoredTree(conn, log_id).size()
        if size < done:
            return True  # making it says what is wrong
        if size == done:
            return False
        oldest = conn.execute(
            select(audit_event.c.occurred_at).where(
                audit_event.c.log_id == log_id, audit_event.c.seq == done + 1
            )
        ).scalar()
    return size - done >= events or clock.now_us() - (oldest or 0) >= minutes * _MINUTE_US


def installation_id(conn: Connection) -> str:
    """The installation's id, as checkpoints and the list of keys name it."""
    return str(conn.execute(select(installation.c.id)).scalar() or "")


class Newest(NamedTuple):
    """Size and root (hex) of a log's longest checkpoint."""

    size: int
    root: str


def newest(conn: Connection, log_id: str) -> Newest | None:
    """What the log's longest checkpoint says."""
    found = conn.execute(
        select(audit_checkpoint.c.size, audit_checkpoint.c.root)
        .where(audit_checkpoint.c.log_id == log_id)
        .order_by(audit_checkpoint.c.size.desc())
        .limit(1)
    ).first()
    return Newest(found.size, found.root) if found else None


def list_checkpoints(
    conn: Connection, log_id: str, *, limit: int, after: str | None
) -> cursor.Page[SignedCheckpoint]:
    """A log's checkpoints, the longest first."""
    query = select(audit_checkpoint).where(audit_checkpoint.c.log_id == log_id)
    if after:
        query = query.where(audit_checkpoint.c.size < cursor.decode(after, int)[0])
    rows = conn.execute(query.order_by(audit_checkpoint.c.size.desc()).limit(limit + 1))
    found = [SignedCheckpoint(r.text, r.key_id, r.signature) for r in rows]
    return cursor.page(found, limit, lambda signed: (signed.checkpoint.size,))


def append(file: Path, signed: SignedCheckpoint) -> None:
    """Add a line to the checkpoint file; on the disk when this returns. Raises OSError."""
    line = json.dumps(signed.to_value(), separators=(",", ":"), ensure_ascii=False) + "\n"
    opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(opened, line.encode())
        os.fsync(opened)
    finally:
        os.close(opened)


def read_file(file: Path, *, last_bytes: int | None = None) -> Iterator[SignedCheckpoint]:
    """The checkpoints of a file, or of its end; a line that is none (cut off by a power cut) is passed over.

    Raises OSError.
    """
    with file.open("rb") as lines:
        if last_bytes is not None:
            lines.seek(max(0, lines.seek(0, os.SEEK_END) - last_bytes))
        for line in lines:
            try:
                yield SignedCheckpoint.from_value(json.loads(line))
            except (NotACheckpoint, ValueError, RecursionError):
                continue


def shorter_than(conn: Connection, file: Path) -> str | None:
    """How a log is shorter than a checkpoint of it made since the epoch began, among the newest of the file; None when none is.

    Raises OSError.
    """
    owner, since = conn.execute(select(installation.c.id, installation.c.epoch_began_at)).one()
    longest: dict[str, Checkpoint] = {}
    for signed in read_file(file, last_bytes=_NEWEST_BYTES):
        found = signed.checkpoint
        # What is older than the epoch was given up by the decision for it.
        if found.installation != owner or (since and clock.from_text(found.time) <= since):
            continue
        # By size and not by place: an older copy may have run, and written shorter ones behind it.
        if found.log_id not in longest or found.size > longest[found.log_id].size:
            longest[found.log_id] = found
    for found in longest.values():
        size = StoredTree(conn, found.log_id).size()
        if size < found.size:
            return (
                f"The audit log {found.name} has {size} entries, but {file} holds a checkpoint of {found.time} over "
                f"{found.size}: the database was set back."
            )
    return None


def behind_file(conn: Connection, file: Path) -> list[str]:
    """Per log that is shorter or other than the file says, a sentence: the database is an old copy, or was changed.

    Raises OSError.
    """
    last: dict[str, Checkpoint] = {}
    owner = installation_id(conn)
    for signed in read_file(file):
        found = signed.checkpoint
        if found.installation != owner:
            continue  # the data directory was set up anew
        if found.log_id not in last or found.size >= last[found.log_id].size:
            last[found.log_id] = found
    told = []
    for found in last.values():
        size = StoredTree(conn, found.log_id).size()
        row = conn.execute(
            select(audit_checkpoint.c.root).where(
                audit_checkpoint.c.log_id == found.log_id, audit_checkpoint.c.size == found.size
            )
        ).scalar()
        at = f"the checkpoint of {found.time} in {file} says {found.size}"
        if size < found.size:
            told.append(f"The audit log {found.name} has {size} entries; {at}.")
        elif row != found.root:
            told.append(f"The audit log {found.name} has another past than {at}.")
    return told
