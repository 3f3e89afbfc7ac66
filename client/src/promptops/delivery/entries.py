"""The map of one environment and its root hash, kept up to date at the cost of what changed.

Owns leaf, bucket and root hashing and the copy-on-write `EntryTree`. Leaves parsing of entries to
`header` and the decision whether a root is the signed one to `verify`. No I/O. The free functions
are for a server that stores bucket hashes and reads only the buckets a release touches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from promptops.delivery.header import REMOVED, Entry
from promptops.delivery.once import once

BUCKETS = 256
EMPTY_BUCKET_HASH = bytes(32)


def bucket_of(path: str) -> int:
    """The bucket (0 to 255) that holds a path: the first byte of the SHA-256 of its UTF-8 text."""
    return hashlib.sha256(path.encode()).digest()[0]


def leaf(entry: Entry) -> bytes:
    """The 32-byte hash of one entry, over its compact JSON."""
    return hashlib.sha256(entry.to_text().encode()).digest()


def bucket_hash(leaves: Iterable[bytes]) -> bytes:
    """The 32-byte hash of a bucket from its leaves in any order; 32 zero bytes for none."""
    ordered = sorted(leaves)
    return hashlib.sha256(b"".join(ordered)).digest() if ordered else EMPTY_BUCKET_HASH


def root_of(bucket_hashes: Sequence[bytes]) -> str:
    """The hex root over all 256 bucket hashes in order. Raises `ValueError` for any other number
    of them.
    """
    if len(bucket_hashes) != BUCKETS:
        raise ValueError(f"a root is over {BUCKETS} bucket hashes, not {len(bucket_hashes)}")
    return hashlib.sha256(b"".join(bucket_hashes)).hexdigest()


EMPTY_ROOT = root_of([EMPTY_BUCKET_HASH] * BUCKETS)

_Bucket = Mapping[str, tuple[Entry, bytes]]
_NOTHING: _Bucket = {}


class EntryTree:
    """An immutable map from path to entry with its root. `apply` shares every untouched bucket
    with the old tree.
    """

    def __init__(self, buckets: tuple[_Bucket, ...], hashes: tuple[bytes, ...], count: int) -> None:
        """Not for callers: begin with `EntryTree.empty()` or `EntryTree.of(entries)`."""
        self._buckets = buckets
        self._hashes = hashes
        self._count = count

    @classmethod
    def empty(cls) -> EntryTree:
        """The tree of release 0."""
        return _EMPTY

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> EntryTree:
        """The tree of these entries; of two with the same path the later one stands."""
        return _EMPTY.apply(entries)

    def apply(self, changes: Iterable[Entry]) -> EntryTree:
        """A new tree after these changes: `removed` takes a path out, any other state puts the
        entry in.

        Costs the buckets touched, not the size of the tree. Removing an absent path changes
        nothing.
        """
        touched: dict[int, dict[str, tuple[Entry, bytes]]] = {}
        for change in changes:
            number = bucket_of(change.path)
            bucket = touched.get(number)
            if bucket is None:
                bucket = touched[number] = dict(self._buckets[number])
            if change.state == REMOVED:
                bucket.pop(change.path, None)
            else:
                bucket[change.path] = (change, leaf(change))
        if not touched:
            return self
        buckets, hashes, count = list(self._buckets), list(self._hashes), self._count
        for number, bucket in touched.items():
            count += len(bucket) - len(buckets[number])
            buckets[number] = bucket
            hashes[number] = bucket_hash(leaf_ for _, leaf_ in bucket.values())
        return EntryTree(tuple(buckets), tuple(hashes), count)

    @once
    def root(self) -> str:
        """The hex root hash, as a statement carries it."""
        return root_of(self._hashes)

    @property
    def count(self) -> int:
        """The number of entries, suspended ones included."""
        return self._count

    @property
    def bucket_hashes(self) -> tuple[bytes, ...]:
        """The 256 bucket hashes in order, for a server that stores them."""
        return self._hashes

    def get(self, path: str) -> Entry | None:
        """The entry at a path, or None."""
        found = self._buckets[bucket_of(path)].get(path)
        return None if found is None else found[0]

    def __iter__(self) -> Iterator[Entry]:
        for bucket in self._buckets:
            for entry, _ in bucket.values():
                yield entry

    def __len__(self) -> int:
        return self._count

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path) is not None

    def __repr__(self) -> str:
        return f"<EntryTree of {self._count}, root {self.root[:12]}>"


_EMPTY = EntryTree((_NOTHING,) * BUCKETS, (EMPTY_BUCKET_HASH,) * BUCKETS, 0)
