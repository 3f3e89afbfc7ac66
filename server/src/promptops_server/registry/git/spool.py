"""Bytes that arrive before the work: kept in memory while they are few, in a temporary file after that.

A request body is spooled whole before any lock is taken, so that a slow or vanishing client holds nothing.
"""

from __future__ import annotations

import mmap
import tempfile
from typing import IO

IN_MEMORY = 1024 * 1024


class Spool:
    """Append, then read anywhere."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._map: mmap.mmap | None = None
        self.size = 0

    def append(self, data: bytes) -> int:
        """Add bytes at the end; returns where they start."""
        start = self.size
        self.size += len(data)
        if self._file is None:
            self._memory += data
            if self.size > self._limit:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
                self._file.write(self._memory)
                self._memory = bytearray()
        else:
            self._file.write(data)
        return start

    def read(self, start: int, length: int) -> bytes:
        """The bytes at a place."""
        if self._file is None:
            return bytes(self._memory[start : start + length])
        if self._map is None or len(self._map) < start + length:
            self._file.flush()
            if self._map is not None:
                self._map.close()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._map[start : start + length]

    def close(self) -> None:
        """Free memory and file."""
        if self._map is not None:
            self._map.close()
            self._map = None
        if self._file is not None:
            self._file.close()
            self._file = None
        self._memory = bytearray()


class SpoolReader:
    """Reads a spool from front to back, as far as `end`."""

    def __init__(self, spool: Spool, position: int = 0, end: int | None = None) -> None:
        self.spool = spool
        self.position = position
        self.end = spool.size if end is None else end

    def read(self, length: int = -1) -> bytes:
        """At most `length` bytes; fewer only at the end."""
        left = self.end - self.position
        data = self.spool.read(self.position, left if length < 0 else min(length, left))
        self.position += len(data)
        return data
