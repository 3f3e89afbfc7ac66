"""The whole of an environment as one answer: built once per release on demand, kept compressed.

Large environments are kept only compressed and unpacked piece by piece for the few clients that cannot unpack
them themselves, so that memory holds one small copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import LIVE, Header
from promptops_server.delivery import store
from promptops_server.delivery.store import Facts
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable

KEEP_PLAIN = 4 * 1024 * 1024
"""Bytes; a larger snapshot is not kept uncompressed."""

PIECE = 256 * 1024
_GZIP = 31  # zlib's window bits for a gzip envelope
_ARTIFACTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`size` is the number of bytes uncompressed."""

    packed: bytes
    plain: bytes | None
    size: int

    def pieces(self, *, packed: bool) -> Iterator[bytes]:
        """The body in pieces of bounded size."""
        if packed or self.plain is not None:
            whole = self.packed if packed else self.plain
            assert whole is not None
            for at in range(0, len(whole), PIECE):
                yield whole[at : at + PIECE]
            return
        unpack = zlib.decompressobj(_GZIP)
        rest = self.packed
        while rest:
            piece = unpack.decompress(rest, PIECE)
            rest = unpack.unconsumed_tail
            if piece:
                yield piece
        if end := unpack.flush():
            yield end


def build(db: Database, facts: Facts, header: Header, tree: EntryTree) -> Snapshot:
    """Read the artifacts and put the answer together. Takes seconds for very large environments: not on the loop.

    Raises:
        Unavailable: the database did not answer, or lacks an artifact.
    """
    pack = zlib.compressobj(6 if len(tree) < 2000 else 1, zlib.DEFLATED, _GZIP)
    packed: list[bytes] = []
    plain: list[bytes] = []
    size = 0
    for piece in _document(db, facts, header, tree):
        size += len(piece)
        packed.append(pack.compress(piece))
        if size <= KEEP_PLAIN:
            plain.append(piece)
        else:
            plain.clear()
    packed.append(pack.flush())
    return Snapshot(b"".join(packed), b"".join(plain) if size <= KEEP_PLAIN else None, size)


def _document(db: Database, facts: Facts, header: Header, tree: EntryTree) -> Iterator[bytes]:
    entries = list(tree)
    yield f'{{"header":{header.to_json()},"entries":['.encode()
    for at in range(0, len(entries), 1000):
        comma = "," if at else ""
        yield (comma + ",".join(e.to_text() for e in entries[at : at + 1000])).encode()
    yield b'],"artifacts":{'
    digests = list(dict.fromkeys(entry.digest for entry in entries if entry.state == LIVE))
    first = True
    for part in store.chunks(digests, _ARTIFACTS_AT_ONCE):
        with db.read() as conn:  # artifacts never change: no snapshot needs to be held open
            texts = store.artifact_texts(conn, facts.project_id, part)
        if len(texts) != len(part):
            raise Unavailable(
                f"An artifact of {facts.project}/{facts.name} is not stored.",
                remedy="Run `promptops-server doctor`; restore a backup if it confirms this.",
            )
        members = b",".join(
            orjson.dumps(digest) + b":" + orjson.dumps(text) for digest, text in texts.items()
        )
        yield members if first else b"," + members
        first = False
    yield b"}}"
