"""Hold the logs as they lie in the database against the checkpoint file, entry by entry: what `doctor --logs` does.

The file's own signatures are not looked at: who can change it has the server's machine. `promptops audit verify` does.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import select

from promptops.audit.checkpoint import Checkpoint
from promptops.audit.merkle import GrowingTree, cover
from promptops_server.audit.checkpoints import Log, installation_id, read_file
from promptops_server.audit.removed import removed
from promptops_server.audit.tables import audit_event
from promptops_server.audit.tree import StoredTree
from promptops_server.infra.database import Database

_PAGE = 5_000


def recheck(db: Database, of: Log, file: Path) -> str | None:
    """A sentence on the first fault of a log; None when every entry is what the file's checkpoints were made over.

    Raises OSError.
    """
    with db.read() as conn:
        owner = installation_id(conn)
        size = StoredTree(conn, of.log_id).size()
        gone = removed(conn, of.log_id)
        at = gone.size if gone else 0
        tree = GrowingTree()
        if gone is not None:
            stored = StoredTree(conn, of.log_id)
            try:
                tree = GrowingTree(at, [stored.node(*node) for node in cover(0, at)])
            except LookupError:
                return f"The tree of the audit log {of.name} lacks what stands for its first {at} entries."
    said: dict[int, Checkpoint] = {}
    for signed in read_file(file):
        found = signed.checkpoint
        if found.log_id == of.log_id and found.installation == owner:
            said[found.size] = found
    while at < size:
        with db.read() as conn:
            rows = conn.execute(
                select(audit_event.c.seq, audit_event.c.entry_hash, audit_event.c.body)
                .where(audit_event.c.log_id == of.log_id, audit_event.c.seq > at)
                .order_by(audit_event.c.seq)
                .limit(_PAGE)
            ).all()
        for row in rows:
            at += 1
            if row.seq != at:
                return f"Entry {at} of the audit log {of.name} is missing."
            digest = hashlib.sha256(b"\x00" + row.body.encode()).digest()
            if digest.hex() != row.entry_hash:
                return f"Entry {at} of the audit log {of.name} is not what its hash was made of."
            tree.append(digest)
            there = said.get(at)
            if there is not None and there.root != tree.root.hex():
                return (
                    f"The first {at} entries of the audit log {of.name} are not those of the checkpoint of "
                    f"{there.time} in {file}."
                )
        if not rows:
            break
    longest = max(said, default=0)
    if longest > size:
        return f"The audit log {of.name} has {size} entries; {file} says {longest}."
    return None
