"""Writes a pack: each object's header, then its zlib bytes exactly as they lie in the database.

The pack is built in a temporary file (in memory while it is small), so that a slow client holds no database
connection. Owns the pack format's outgoing side; `unpack` reads packs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from promptops_server.registry.git.objects import PreparedBlob

_IN_MEMORY = 4 * 1024 * 1024
_CHUNK = 512 * 1024


def entry_header(kind: int, size: int) -> bytes:
    """Type and inflated size as a pack entry starts with them."""
    byte = (kind << 4) | (size & 0x0F)
    size >>= 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    out.append(byte)
    return bytes(out)


class PackSpool:
    """Add objects, then send. Close it when the response is over."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._file.write(b"\0" * 12)  # the count is known at the end
        self.count = 0

    def add(self, stored: PreparedBlob) -> None:
        """Append one object."""
        self._file.write(entry_header(stored.type, stored.size) + stored.z)
        self.count += 1

    @property
    def size(self) -> int:
        """Bytes of the whole pack; ask before `chunks`."""
        self._file.seek(0, 2)
        return self._file.tell() + 20

    def chunks(self) -> Iterator[bytes]:
        """The whole pack with its checksum."""
        self._file.seek(0)
        self._file.write(b"PACK" + (2).to_bytes(4, "big") + self.count.to_bytes(4, "big"))
        self._file.seek(0)
        # The pack format's checksum is SHA-1; it guards against broken lines, not against people.
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := self._file.read(_CHUNK):
            digest.update(chunk)
            yield chunk
        yield digest.digest()

    def close(self) -> None:
        """Free the temporary file."""
        self._file.close()
