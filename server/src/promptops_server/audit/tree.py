"""A log's hash tree as the database keeps it: the roots of complete subtrees, written when a checkpoint is made.

Below `LOWEST_LEVEL` a root is computed from the entries' own hashes, at most 256 of them, so a proof over millions of
entries reads a few hundred short rows, an event costs nothing extra, and the table has one row per 128 events.
Who can change the database can change these rows too; checkpoints that left it are what tells (`checkpoints`).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from promptops.audit.merkle import node_hash, subtree_root
from promptops_server.audit.tables import audit_event, audit_subtree

LOWEST_LEVEL = 8
_WIDTH = 1 << LOWEST_LEVEL
_READ_AT_ONCE = 64 * _WIDTH

Subtrees = dict[tuple[int, int], bytes]
"""Roots by level and number."""


class StoredTree:
    """One log's tree for as long as a transaction; `new` are roots that are computed but not stored yet."""

    def __init__(self, conn: Connection, log_id: str) -> None:
        self._conn = conn
        self._log_id = log_id
        self._leaves: dict[int, bytes] = {}
        self.new: Subtrees = {}

    def size(self) -> int:
        """How many entries the log has."""
        query = select(func.max(audit_event.c.seq)).where(audit_event.c.log_id == self._log_id)
        return self._conn.execute(query).scalar() or 0

    def root(self, size: int) -> bytes:
        """The root of the tree of that size, whose complete subtrees are stored or in `new`."""
        return subtree_root(0, size, self.node)

    def node(self, level: int, number: int) -> bytes:
        """The root of a complete subtree.

        Raises:
            LookupError: an entry or a stored root is missing: rows were deleted.
        """
        if level < LOWEST_LEVEL:
            begin = number << level
            block = begin >> LOWEST_LEVEL << LOWEST_LEVEL
            if block not in self._leaves:
                self._leaves.update(self._hashes(block, block + _WIDTH))
            if level == 0:
                return self._leaves[number]
            middle = number * 2
            return node_hash(self.node(level - 1, middle), self.node(level - 1, middle + 1))
        known = self.new.get((level, number))
        if known is not None:
            return known
        query = select(audit_subtree.c.hash).where(
            audit_subtree.c.log_id == self._log_id,
            audit_subtree.c.level == level,
            audit_subtree.c.number == number,
        )
        stored = self._conn.execute(query).scalar()
        if stored is None:
            raise LookupError((level, number))
        return bytes(stored)

    def complete_to(self, size: int) -> None:
        """Compute the roots of all complete subtrees up to `size` entries that are not stored.

        Raises:
            LookupError: an entry is missing.
        """
        query = select(func.max(audit_subtree.c.number)).where(
            audit_subtree.c.log_id == self._log_id, audit_subtree.c.level == LOWEST_LEVEL
        )
        last = self._conn.execute(query).scalar()
        done = 0 if last is None else last + 1
        for first in range(done * _WIDTH, size - _WIDTH + 1, _READ_AT_ONCE):
            hashes = dict(self._hashes(first, min(first + _READ_AT_ONCE, size)))
            for begin in range(first, min(first + _READ_AT_ONCE, size - _WIDTH + 1), _WIDTH):
                root = _root_of_block(hashes, begin)
                self._add(LOWEST_LEVEL, begin >> LOWEST_LEVEL, root)

    def _add(self, level: int, number: int, root: bytes) -> None:
        self.new[level, number] = root
        while number & 1:
            root = node_hash(self.node(level, number - 1), root)
            level, number = level + 1, number >> 1
            self.new[level, number] = root

    def _hashes(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        query = (
            select(audit_event.c.seq, audit_event.c.entry_hash)
            .where(
                audit_event.c.log_id == self._log_id,
                audit_event.c.seq > begin,
                audit_event.c.seq <= end,
            )
            .order_by(audit_event.c.seq)
        )
        for seq, entry_hash in self._conn.execute(query):
            yield seq - 1, bytes.fromhex(entry_hash)


def _root_of_block(hashes: dict[int, bytes], begin: int) -> bytes:
    """The root of the 256 entries from `begin` on. Raises LookupError when one is missing."""
    level = [hashes[index] for index in range(begin, begin + _WIDTH)]
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]
