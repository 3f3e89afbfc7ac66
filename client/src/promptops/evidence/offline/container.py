"""The zip around a pack: of a set of files there is exactly one, so any other byte in it is a change.

Files stand in the order of their names, are stored as they are, and carry no time of their own. Reading writes the zip
anew from what was found in it and compares: what differs is named by the file, or the part of the zip, it lies in.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DAY = 0x21  # 1980-01-01, the first day a zip can name
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
MAX_FILES = 10_000
MAX_ZIP_BYTES = 1 << 30

_Entries = list[tuple[str, bytes]]


class NotAPack(ValueError):
    """The bytes are no zip of files; the text says why."""


class _Part(NamedTuple):
    begin: int
    end: int
    file: str
    what: str


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files. Raises ValueError for a name or a number of files that has no place in a pack."""
    if len(files) > MAX_FILES:
        raise ValueError(f"a pack has at most {MAX_FILES:,} files")
    for name in files:
        if not _NAME.fullmatch(name) or len(name) > 200:
            raise ValueError(f"{name!r} cannot be a file of a pack")
    return _written(sorted(files.items()))[0]


def read_zip(data: bytes) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The files of a zip, and what is not as it was written: file (or "the zip itself") and what.

    Raises:
        NotAPack: nothing in it can be read as a zip of files.
    """
    found = [entries for entries in (_by_locals(data), _by_central(data)) if entries]
    best: tuple[dict[str, bytes], list[tuple[str, str]]] | None = None
    for entries in found:
        files = dict(entries)
        if len(files) != len(entries):
            faults = [(name, "stands in the zip twice") for name in _twice(entries)]
        elif not all(_NAME.fullmatch(name) for name in files) or len(files) > MAX_FILES:
            faults = [("the zip itself", "has a file whose name no pack has")]
        else:
            faults = list(_differences(data, sorted(entries)))
        if best is None or len(faults) < len(best[1]):
            best = files, faults
    if best is None:
        raise NotAPack("it is not a zip of files, or too much of it is damaged")
    return best


def _written(entries: Iterable[tuple[str, bytes]]) -> tuple[bytes, list[_Part]]:
    out, central, parts = bytearray(), bytearray(), []
    heads: list[tuple[str, int]] = []
    for name, content in entries:
        raw, crc, begin = name.encode(), zlib.crc32(content), len(out)
        out += _LOCAL.pack(
            b"PK\3\4", 20, 0, 0, 0, _DAY, crc, len(content), len(content), len(raw), 0
        )
        out += raw
        parts.append(_Part(begin, len(out), name, "its header in the zip was changed"))
        parts.append(_Part(len(out), len(out) + len(content), name, "its content was changed"))
        out += content
        start = len(central)
        central += _CENTRAL.pack(
            b"PK\1\2", 0x0314, 20, 0, 0, 0, _DAY, crc, len(content), len(content), len(raw),
            0, 0, 0, 0, 0o100644 << 16, begin,
        )  # fmt: skip
        central += raw
        heads.append((name, len(central) - start))
    at = begin = len(out)
    for name, length in heads:
        parts.append(_Part(at, at + length, name, "its entry in the zip's directory was changed"))
        at += length
    out += central
    parts.append(_Part(len(out), len(out) + _END.size, "the zip itself", "its end was changed"))
    out += _END.pack(b"PK\5\6", 0, 0, len(heads), len(heads), len(central), begin, 0)
    return bytes(out), parts


def _differences(data: bytes, entries: _Entries) -> Iterator[tuple[str, str]]:
    right, parts = _written(entries)
    if right == data:
        return
    at = data.find(right)
    if at >= 0:
        if at:
            yield "the zip itself", f"{at} bytes stand before its beginning"
        if len(data) > at + len(right):
            yield "the zip itself", f"{len(data) - at - len(right)} bytes stand after its end"
        return
    told: dict[str, list[str]] = {}
    for part in parts:
        if data[part.begin : part.end] != right[part.begin : part.end]:
            told.setdefault(part.file, []).append(part.what)
    for file, whats in told.items():
        # Other content has another checksum in both places: that is one change, not two.
        yield file, whats[0] if len(whats) == 1 else "does not fit its checksums in the zip"
    if len(data) > len(right):
        yield "the zip itself", f"it has {len(data) - len(right)} bytes that no file explains"
    elif not told:
        yield "the zip itself", "it ends too early"


def _twice(entries: _Entries) -> list[str]:
    names = [name for name, _ in entries]
    return sorted({name for name in names if names.count(name) > 1})


def _by_locals(data: bytes) -> _Entries:
    """Files as their own headers tell, from the first on."""
    at = max(data.find(b"PK\3\4"), 0)
    out: _Entries = []
    while len(out) <= MAX_FILES and data[at : at + 4] == b"PK\3\4" and len(data) >= at + 30:
        head = _LOCAL.unpack_from(data, at)
        size, name_length, extra = head[7], head[9], head[10]
        begin = at + _LOCAL.size + name_length + extra
        if begin + size > len(data):
            break
        name = data[at + _LOCAL.size : at + _LOCAL.size + name_length]
        out.append((name.decode("utf-8", "replace"), data[begin : begin + size]))
        at = begin + size
    return out


def _by_central(data: bytes) -> _Entries:
    """Files as the zip's directory tells, looked for before its end or by its first entry."""
    end = data.rfind(b"PK\5\6")
    at = data.find(b"PK\1\2")
    shift = 0
    if end >= 0 and len(data) >= end + _END.size:
        size, offset = _END.unpack_from(data, end)[5:7]
        if end - size >= 0 and data[end - size : end - size + 4] == b"PK\1\2":
            at, shift = end - size, end - size - offset
    out: _Entries = []
    while at >= 0 and len(out) <= MAX_FILES and len(data) >= at + _CENTRAL.size:
        head = _CENTRAL.unpack_from(data, at)
        if head[0] != b"PK\1\2":
            break
        size, name_length, begin = head[8], head[10], head[16] + shift
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length]
        start = begin + _LOCAL.size + name_length
        if begin < 0 or start + size > len(data):
            break
        out.append((name.decode("utf-8", "replace"), data[start : start + size]))
        at += _CENTRAL.size + name_length + head[11] + head[12]
    return out
