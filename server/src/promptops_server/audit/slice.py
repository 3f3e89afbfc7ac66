"""Some events of a log with the proof that they are in it: lines as an export has them, paths to a signed root.

Owns reading them as they were written. Which events belong to a thing is for those to say who ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from promptops.audit import export_file
from promptops.audit.checkpoint import SignedCheckpoint
from promptops.audit.merkle import consistency_proof, inclusion_proof
from promptops.audit.personal import personal_line
from promptops_server.audit.personal import beside, revealed
from promptops_server.audit.tables import audit_checkpoint, audit_event
from promptops_server.audit.tree import StoredTree
from promptops_server.infra.problems import NotFound

_AT_ONCE = 400
_ENTRIES = (
    select(audit_event.c.seq, audit_event.c.entry_hash, audit_event.c.body)
    .where(
        audit_event.c.log_id == bindparam("log_id"),
        audit_event.c.seq.in_(bindparam("seqs", expanding=True)),
    )
    .order_by(audit_event.c.seq)
)


@dataclass(frozen=True, slots=True)
class Slice:
    """Events by their numbers. `inclusion` has hashes in hex, from the event upwards.

    `earlier` is the first checkpoint that held all of them, with the proof that the log only grew from there; None
    where that is the checkpoint itself.
    """

    lines: bytes
    bodies: tuple[dict[str, Any], ...]
    inclusion: dict[int, list[str]] = field(default_factory=dict)
    earlier: tuple[SignedCheckpoint, list[str]] | None = None


def checkpoint_of(
    conn: Connection, log_id: str, size: int | None = None
) -> SignedCheckpoint | None:
    """The log's checkpoint of a size, or (None) its longest one, if it has any.

    Raises:
        NotFound: there is no checkpoint of that size.
    """
    query = select(audit_checkpoint).where(audit_checkpoint.c.log_id == log_id)
    if size is not None:
        query = query.where(audit_checkpoint.c.size == size)
    row = conn.execute(query.order_by(audit_checkpoint.c.size.desc()).limit(1)).first()
    if row is None and size is not None:
        raise NotFound(
            f"The audit log has no checkpoint over {size} entries.",
            remedy="`GET /api/v1/audit/checkpoints` lists them; leave the size out for the newest.",
        )
    return None if row is None else SignedCheckpoint(row.text, row.key_id, row.signature)


def slice_of(
    conn: Connection, log_id: str, seqs: Sequence[int], signed: SignedCheckpoint | None
) -> Slice:
    """The events of these numbers, proved under a checkpoint of the log, if one is given.

    Raises:
        LookupError: entries of the log are missing.
    """
    wanted = sorted(set(seqs))
    rows: list[Any] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        rows += conn.execute(_ENTRIES, {"log_id": log_id, "seqs": some}).all()
    people = beside(conn, log_id, [row.seq for row in rows])
    lines = b"".join(
        (personal_line(row.seq, people[row.seq]) if row.seq in people else b"")
        + export_file.entry_line(row.entry_hash, row.body.encode())
        for row in rows
    )
    shown = revealed(conn, log_id, [(row.seq, row.body) for row in rows])
    bodies = tuple(shown[row.seq] for row in rows)
    if signed is None or not rows:
        return Slice(lines, bodies)
    node = _Remembering(StoredTree(conn, log_id))
    size = signed.checkpoint.size
    inclusion = {
        row.seq: [step.hex() for step in inclusion_proof(row.seq - 1, size, node)] for row in rows
    }
    first = _first_over(conn, log_id, rows[-1].seq)
    earlier = None
    if first is not None and first.checkpoint.size < size:
        steps = consistency_proof(first.checkpoint.size, size, node)
        earlier = (first, [step.hex() for step in steps])
    return Slice(lines, bodies, inclusion, earlier)


def _first_over(conn: Connection, log_id: str, seq: int) -> SignedCheckpoint | None:
    row = conn.execute(
        select(audit_checkpoint)
        .where(audit_checkpoint.c.log_id == log_id, audit_checkpoint.c.size >= seq)
        .order_by(audit_checkpoint.c.size)
        .limit(1)
    ).first()
    return None if row is None else SignedCheckpoint(row.text, row.key_id, row.signature)


class _Remembering:
    """The tree's nodes, each read once: proofs of neighbours share most of them."""

    def __init__(self, tree: StoredTree) -> None:
        self._tree = tree
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, number: int) -> bytes:
        at = (level, number)
        if at not in self._known:
            self._known[at] = self._tree.node(level, number)
        return self._known[at]
