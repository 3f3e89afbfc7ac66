"""The hash tree over a log: RFC 9162, sections 2.1.1 (hashes), 2.1.3 (inclusion), 2.1.4 (consistency). Pure.

A *node* is the root of a complete subtree: ``(level, number)`` covers the entries from ``number << level`` on,
``1 << level`` of them. Every other hash of the tree is folded from nodes, so who keeps nodes needs no entries.
Entries are counted from 0 here, as the RFC does; a log's `seq` is one more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Node = Callable[[int, int], bytes]
"""The root of the complete subtree at a level, by its number in that level."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry: SHA-256 over a zero byte and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side: SHA-256 over a one byte and both."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that stand side by side, each smaller than the one before."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def cover(begin: int, end: int) -> list[tuple[int, int]]:
    """The fewest nodes over the entries `begin` to `end` (without `end`), the largest first.

    `begin` must be a multiple of the largest one's width, as it is for every subtree of a tree.
    """
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append((level, begin >> level))
        begin += 1 << level
    return nodes


def subtree_root(begin: int, end: int, node: Node) -> bytes:
    """The root over the entries `begin` to `end` (without `end`), a subtree of some tree."""
    return fold([node(level, number) for level, number in cover(begin, end)])


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """What joins the entry at `index` to the root of the tree of that size, from the entry upwards.

    Raises ValueError unless ``0 <= index < size``.
    """
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    begin, end, proof = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(subtree_root(begin, middle, node))
            begin = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """What shows that the tree of size `first` is the beginning of the one of size `second`.

    Raises ValueError unless ``0 < first <= second``.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {first} is not the beginning of one of {second}")
    begin, end, proof = 0, second, []
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            proof.append(subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(subtree_root(begin, middle, node))
            begin = middle
    if begin:  # a beginning that is a whole left subtree is known to who asks
        proof.append(subtree_root(begin, end, node))
    return proof[::-1]


def inclusion_holds(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the entry with this leaf hash is at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(hash_, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the first tree is the beginning of the second (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


class GrowingTree:
    """A tree that only grows, in as many hashes as its size has one-bits.

    Args:
        size, nodes: where to go on: the nodes of ``cover(0, size)``.

    Raises:
        ValueError: they do not belong together.
    """

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self._nodes = list(nodes)
        self.size = size
        if size < 0 or size.bit_count() != len(self._nodes):
            raise ValueError(f"a tree of {size} is not kept in {len(self._nodes)} hashes")

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next entry."""
        sha256, nodes, size = hashlib.sha256, self._nodes, self.size
        while size & 1:
            leaf = sha256(b"\x01" + nodes.pop() + leaf).digest()
            size >>= 1
        nodes.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return fold(self._nodes)


def _split(size: int) -> int:
    """The largest power of two below `size`, where the RFC splits a list."""
    return 1 << ((size - 1).bit_length() - 1)
