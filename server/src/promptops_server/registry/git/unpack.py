"""Reads a pushed pack: every object inflated, its delta applied, its id computed, nothing believed.

Sizes are checked before inflating, so a small body cannot become a large one in memory. Objects that came whole keep
the client's zlib bytes; resolved deltas are compressed into a spool. Owns the pack format's incoming side; what the
objects may contain is `fsck`'s matter, whether they are complete is `incoming`'s.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from promptops_server.infra.courtesy import Courtesy
from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.objects import TYPE_NAMES, PreparedBlob, compress, object_id
from promptops_server.registry.git.spool import Spool
from promptops_server.registry.git.view import ObjectView

_OFS_DELTA, _REF_DELTA = 6, 7
_HEADER, _TRAILER = 12, 20
_MIN_READ, _MAX_READ = 1024, 256 * 1024
_BASES_IN_MEMORY = 48 * 1024 * 1024

Visit = Callable[[str, int, bytes], None]
"""Called once per new object with its id, type and content; refuses by raising."""


class BrokenPack(Invalid):
    """The pack cannot be read; nothing of it was kept."""

    slug = "broken-pack"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object's compressed bytes lie."""

    kind: int
    size: int
    spool: Spool
    start: int
    length: int

    def stored(self, oid: str) -> PreparedBlob:
        """The object as it will lie in the database."""
        return PreparedBlob(oid, self.kind, self.size, self.spool.read(self.start, self.length))


@dataclass(frozen=True, slots=True)
class _Delta:
    start: int
    """Where the compressed delta lies in the body."""
    size: int
    offset: int
    """Where the entry starts: what other deltas call it by."""


class Unpacker:
    """Reads one pack out of `body`; afterwards `places` has every object by id."""

    def __init__(self, body: Spool, start: int, view: ObjectView, limits: Limits) -> None:
        self._body, self._start, self._view, self._limits = body, start, view, limits
        self._end = body.size - _TRAILER
        self._resolved = Spool(in_memory=8 * 1024 * 1024)
        self._inflated = 0
        self._by_offset: dict[int, str] = {}
        self._on_offset: dict[int, list[_Delta]] = defaultdict(list)
        self._on_oid: dict[str, list[_Delta]] = defaultdict(list)
        self._bases: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._bases_size = 0
        self._courtesy = Courtesy()
        self.places: dict[str, Place] = {}

    def close(self) -> None:
        """Free the resolved objects."""
        self._resolved.close()

    def run(self, visit: Visit) -> None:
        """Read the pack.

        Raises:
            BrokenPack: truncated, damaged, or a delta's base is nowhere.
            TooLarge: over one of the limits; the sentence names it.
            ProblemError: whatever `visit` raises.
        """
        count = self._check_frame()
        position = self._start + _HEADER
        for _ in range(count):
            position = self._read_entry(position, visit)
            self._courtesy()
        if position != self._end:
            raise BrokenPack("The pack has bytes after its last object.")
        self._resolve_all(visit)

    def _check_frame(self) -> int:
        head = self._body.read(self._start, _HEADER)
        if self._end - self._start < _HEADER or head[:4] != b"PACK":
            raise BrokenPack("The push carries no pack, or only a part of one.")
        if int.from_bytes(head[4:8], "big") not in (2, 3):
            raise BrokenPack("The pack has a version other than 2 and 3.")
        digest = hashlib.sha1(usedforsecurity=False)
        for start in range(self._start, self._end, _MAX_READ):
            digest.update(self._body.read(start, min(_MAX_READ, self._end - start)))
        if digest.digest() != self._body.read(self._end, _TRAILER):
            raise BrokenPack(
                "The pack's checksum is wrong: it was damaged or cut off on the way.",
                remedy="Push again.",
            )
        count = int.from_bytes(head[8:], "big")
        if count > self._limits.objects:
            raise TooLarge(
                f"The push has {count:,} objects; {self._limits.objects:,} are allowed at once.",
                remedy="Push older commits first: git push origin <commit>:refs/heads/main",
            )
        return count

    def _read_entry(self, offset: int, visit: Visit) -> int:
        head = self._body.read(offset, min(64, self._end - offset))
        kind, size, used = _entry_head(head)
        if size > self._limits.object_bytes:
            raise self._object_too_large(size)
        base: int | str = ""
        if kind == _OFS_DELTA:
            distance, used = _offset(head, used)
            base = offset - distance
            if base not in self._by_offset:
                raise BrokenPack("A delta names a base that is not before it in the pack.")
        elif kind == _REF_DELTA:
            base, used = head[used : used + 20].hex(), used + 20
        elif kind not in TYPE_NAMES:
            raise BrokenPack(f"The pack has an object of unknown type {kind}.")
        start = offset + used
        content, end = self._inflate(start, size)
        if kind in TYPE_NAMES:
            oid = object_id(kind, content)
            self._by_offset[offset] = oid
            self._keep(oid, Place(kind, size, self._body, start, end - start), content, visit)
        else:
            self._by_offset[offset] = ""
            delta = _Delta(start, size, offset)
            if isinstance(base, int):
                self._on_offset[base].append(delta)
            else:
                self._on_oid[base].append(delta)
        return end

    def _inflate(self, start: int, size: int) -> tuple[bytes, int]:
        """The content at `start`, which must be exactly `size` bytes, and where its compressed bytes end."""
        inflater = zlib.decompressobj()
        parts: list[bytes] = []
        got, position = 0, start
        step = min(max(size + 64, _MIN_READ), _MAX_READ)
        try:
            while not inflater.eof:
                chunk = self._body.read(position, min(step, self._end - position))
                if not chunk:
                    raise BrokenPack("The pack ends in the middle of an object.")
                # One byte more than promised shows a lie without inflating all of it.
                part = inflater.decompress(chunk, size - got + 1)
                got += len(part)
                if got > size:
                    raise BrokenPack("An object is larger than its header says.")
                parts.append(part)
                left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
                position += len(chunk) - len(left)
        except zlib.error as error:
            raise BrokenPack(f"An object in the pack cannot be inflated: {error}.") from error
        if got != size:
            raise BrokenPack("An object is smaller than its header says.")
        return b"".join(parts), position

    def _keep(self, oid: str, place: Place, content: bytes, visit: Visit) -> None:
        self._inflated += len(content)
        if self._inflated > self._limits.inflated_bytes:
            raise TooLarge(
                f"The push is over {self._limits.inflated_bytes // 2**20:,} MiB when unpacked.",
                remedy="Push older commits first: git push origin <commit>:refs/heads/main",
            )
        if oid not in self.places:
            visit(oid, place.kind, content)
            self.places[oid] = place

    # -- deltas

    def _resolve_all(self, visit: Visit) -> None:
        for offset, oid in list(self._by_offset.items()):
            if oid:
                self._resolve_on(oid, offset, visit)
        while self._on_oid:
            # A thin pack: the remaining bases are objects the server has.
            missing = set(self._on_oid)
            for stored in self._view.objects(missing):
                missing.discard(stored.oid)
                if stored.oid in self._on_oid:
                    self._remember(stored.oid, stored.type, zlib.decompress(stored.z))
                    self._resolve_on(stored.oid, None, visit)
            if missing and missing >= self._on_oid.keys():
                raise BrokenPack(
                    f"A delta's base {min(missing)} is neither in the pack nor on the server.",
                    remedy="Fetch, then push again.",
                )
        if any(self._on_offset.values()):
            raise BrokenPack("A delta's base is itself a delta that cannot be resolved.")

    def _resolve_on(self, base: str, offset: int | None, visit: Visit) -> None:
        """Every delta on this object, and every delta on those; a stack, since chains may be long."""
        stack = [(delta, base, 1) for delta in self._waiting_for(base, offset)]
        while stack:
            self._courtesy()
            delta, base, depth = stack.pop()
            if depth > self._limits.delta_depth:
                raise TooLarge(
                    f"The pack has a chain of more than {self._limits.delta_depth} deltas.",
                    remedy="Run git repack -adf --depth=50, then push again.",
                )
            kind, content = self._apply(delta, base)
            oid = object_id(kind, content)
            if oid not in self.places:
                z = compress(kind, content)
                start = self._resolved.append(z)
                place = Place(kind, len(content), self._resolved, start, len(z))
                self._keep(oid, place, content, visit)
            waiting = self._waiting_for(oid, delta.offset)
            if waiting:
                self._remember(oid, kind, content)
                stack.extend((child, oid, depth + 1) for child in waiting)

    def _waiting_for(self, oid: str, offset: int | None) -> list[_Delta]:
        waiting = self._on_oid.pop(oid, [])
        if offset is not None:
            waiting = waiting + self._on_offset.pop(offset, [])
        return waiting

    def _apply(self, delta: _Delta, base_oid: str) -> tuple[int, bytes]:
        kind, base = self._base(base_oid)
        data, _ = self._inflate(delta.start, delta.size)
        source, used = _delta_size(data, 0)
        target, _ = _delta_size(data, used)
        if source != len(base):
            raise BrokenPack("A delta was made for a base of another size.")
        if target > self._limits.object_bytes:
            raise self._object_too_large(target)
        try:
            content = b"".join(apply_delta(base, data))
        except (ApplyDeltaError, ValueError, IndexError) as error:
            raise BrokenPack(f"A delta cannot be applied: {error}.") from error
        if len(content) != target:
            raise BrokenPack("A delta does not give as much as it promises.")
        return kind, content

    def _base(self, oid: str) -> tuple[int, bytes]:
        known = self._bases.get(oid)
        if known is not None:
            self._bases.move_to_end(oid)
            return known
        place = self.places.get(oid)
        if place is not None:
            stored: PreparedBlob | None = place.stored(oid)
        else:
            stored = next(iter(self._view.objects((oid,))), None)
        if stored is None:
            raise BrokenPack(f"A delta's base {oid} is missing.")
        content = zlib.decompress(stored.z)
        self._remember(oid, stored.type, content)
        return stored.type, content

    def _remember(self, oid: str, kind: int, content: bytes) -> None:
        """Keep recent bases inflated, up to a bound: a chain is walked from its base outwards."""
        if oid in self._bases:
            return
        self._bases[oid] = (kind, content)
        self._bases_size += len(content)
        while self._bases_size > _BASES_IN_MEMORY and len(self._bases) > 1:
            _, (_, old) = self._bases.popitem(last=False)
            self._bases_size -= len(old)

    def _object_too_large(self, size: int) -> TooLarge:
        return TooLarge(
            f"The push has an object of {size:,} bytes; the limit is {self._limits.object_bytes:,}.",
            remedy="Keep large files elsewhere and name them by URL.",
        )


def _entry_head(head: bytes) -> tuple[int, int, int]:
    """Type, inflated size and how many bytes said so."""
    numbers = iter(head)
    byte = _next(numbers)
    kind, size, shift, used = (byte >> 4) & 7, byte & 0x0F, 4, 1
    while byte & 0x80:
        byte = _next(numbers)
        size |= (byte & 0x7F) << shift
        shift += 7
        used += 1
        if used > 9:
            raise BrokenPack("An object's header does not end.")
    return kind, size, used


def _offset(head: bytes, used: int) -> tuple[int, int]:
    numbers = iter(head[used:])
    byte = _next(numbers)
    value = byte & 0x7F
    used += 1
    while byte & 0x80:
        byte = _next(numbers)
        value = ((value + 1) << 7) | (byte & 0x7F)
        used += 1
    return value, used


def _delta_size(data: bytes, start: int) -> tuple[int, int]:
    numbers = iter(data[start : start + 10])
    value = shift = 0
    used = start
    while True:
        byte = _next(numbers)
        value |= (byte & 0x7F) << shift
        shift += 7
        used += 1
        if not byte & 0x80:
            return value, used


def _next(numbers: Iterator[int]) -> int:
    try:
        return next(numbers)
    except StopIteration:
        raise BrokenPack("The pack ends in the middle of a header.") from None
