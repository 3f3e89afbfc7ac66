"""Reading `.zip` and `.tar.gz` files that somebody sent: into a folder of our own, within limits.

Owns what an archive may hold. A name that leaves the folder, a name given twice, an encrypted file
or more than the limits refuses the whole archive, because then it was not made by an honest tool;
links, devices and archives inside are left behind, each by name. Sizes are counted while
inflating, never believed.
"""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from ...errors import PromptOpsError
from ..names import EXTENSIONS

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Endings of the archives that are read here."""
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_BYTES = 128 * 1024 * 1024
"""Of everything in an archive, inflated."""
MAX_RATIO = 200
"""Inflated to compressed bytes, beyond the first megabyte; texts reach about 20."""
MAX_DEPTH = 20
"""Folders in one another."""

_ALONE = (".csv", ".tsv", ".json", ".yaml", ".yml")
_FREE = 1024 * 1024
_CHUNK = 256 * 1024
_INNER = (*ARCHIVES, ".gz", ".bz2", ".xz", ".7z", ".rar", ".jar", ".whl")
_CENTRAL_BYTES = 16 * 1024 * 1024
_END_OF_ZIP = b"PK\x05\x06"


class BadArchive(PromptOpsError, ValueError):
    """An archive that is refused as a whole: the message says why, `remedy` what to do."""

    code = "bad-archive"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Path, list[tuple[str, str]]]]:
    """The archive's files, in a folder that is removed afterwards, and what was left behind.

    An archive of one table or one configuration gives that file. Raises BadArchive.
    """
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise BadArchive(f"is larger than {MAX_ARCHIVE_BYTES:,} bytes", "send it in parts")
    except OSError as error:
        raise BadArchive(f"cannot be read: {error.strerror or error}") from None
    with tempfile.TemporaryDirectory(prefix="promptops-import-") as made:
        folder = Path(made) / path.name.partition(".")[0] if path.name[:1] != "." else Path(made)
        folder.mkdir(exist_ok=True)
        unpacking = _Unpacking(path, folder)
        try:
            if path.name.lower().endswith(".zip"):
                _unzip(unpacking)
            else:
                _untar(unpacking)
        except (
            *(zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, lzma.LZMAError),
            *(EOFError, NotImplementedError, UnicodeError, ValueError, OSError),
        ) as error:
            said = getattr(error, "strerror", None) or error
            raise BadArchive(f"cannot be unpacked: {said}") from None
        yield folder / unpacking.single if unpacking.single else folder, unpacking.left


@dataclass(slots=True)
class _Unpacking:
    """What has come out so far. Every refusal is a BadArchive that names the entry."""

    archive: Path
    folder: Path
    files: list[PurePosixPath] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    entries: int = 0
    inflated: int = 0

    @property
    def single(self) -> PurePosixPath | None:
        """The only file, when it holds several prompts or names none itself."""
        if len(self.files) != 1 or self.files[0].name.endswith(EXTENSIONS):
            return None
        return self.files[0] if self.files[0].suffix.lower() in _ALONE else None

    def refuse(self, what: str, remedy: str = "") -> BadArchive:
        return BadArchive(f"is not read: {what}", remedy)

    def place(self, name: str) -> PurePosixPath:
        """Where an entry goes. Raises BadArchive for a name that leads elsewhere."""
        self.entries += 1
        if self.entries > MAX_ENTRIES:
            raise self.refuse(f"it has more than {MAX_ENTRIES:,} entries", "send it in parts")
        path = PurePosixPath(name)
        parts = name.rstrip("/").split("/")
        if parts[:1] == ["."]:  # `tar c .` writes ./name
            parts = parts[1:]
        wrong = path.is_absolute() or any(part in ("", ".", "..") for part in parts)
        if wrong or any(c in name for c in "\\\0") or name[1:2] == ":":
            raise self.refuse(f"the name {name[:200]!r} leads out of it, or is none")
        if len(parts) > MAX_DEPTH:
            raise self.refuse(f"{name[:200]!r} lies more than {MAX_DEPTH} folders deep")
        return PurePosixPath(*parts)

    def leave(self, name: str, why: str) -> None:
        self.left.append((name, why))

    def write(self, place: PurePosixPath, source: IO[bytes], compressed: int | None) -> None:
        """Write one file, counting. `compressed` is its size in the archive, where known."""
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        try:
            with target.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    self.count(len(chunk))
                    if compressed is not None and size > _FREE + MAX_RATIO * compressed:
                        raise self.refuse(
                            f"{str(place)!r} inflates to more than {MAX_RATIO} times its size"
                        )
                    file.write(chunk)
        except FileExistsError:
            raise self.refuse(f"the name {str(place)!r} is in it twice") from None
        self.files.append(place)

    def count(self, size: int) -> None:
        self.inflated += size
        if self.inflated > MAX_BYTES:
            raise self.refuse(f"it inflates to more than {MAX_BYTES:,} bytes", "send it in parts")


def _unzip(to: _Unpacking) -> None:
    _check_directory_size(to)
    with zipfile.ZipFile(to.archive) as archive:
        for entry in archive.infolist():
            place = to.place(entry.filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir():
                continue
            if entry.flag_bits & 0x1:
                raise to.refuse(f"{entry.filename!r} is encrypted", "send it without a password")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise to.refuse(
                    f"{entry.filename!r} is compressed in an unusual way", "use plain zip"
                )
            if kind not in (0, stat.S_IFREG):
                to.leave(entry.filename, "it is a link or no file")
            elif entry.filename.lower().endswith(_INNER):
                to.leave(entry.filename, "it is an archive in an archive: unpack it first")
            else:
                with archive.open(entry) as source:
                    to.write(place, source, entry.compress_size)


def _check_directory_size(to: _Unpacking) -> None:
    """Refuse a table of contents that would fill the memory before it could be counted."""
    with to.archive.open("rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - 65_557))
        tail = file.read()
    at = tail.rfind(_END_OF_ZIP)
    if at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") > _CENTRAL_BYTES:
        raise to.refuse(f"it has more than {MAX_ENTRIES:,} entries", "send it in parts")


def _untar(to: _Unpacking) -> None:
    packed = to.archive.stat().st_size
    with to.archive.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        source: IO[bytes] = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
        # Headers may hold data too: everything that comes out of the stream counts.
        counted = _Counted(source, to, packed if zipped else None)
        with tarfile.open(fileobj=counted, mode="r|") as archive:  # type: ignore[call-overload]
            for entry in archive:
                if entry.isdir() and entry.name in (".", "./"):
                    continue
                place = to.place(entry.name)
                if entry.isdir():
                    continue
                if not entry.isfile() or entry.issparse():
                    to.leave(entry.name, "it is a link or no file")
                elif entry.name.lower().endswith(_INNER):
                    to.leave(entry.name, "it is an archive in an archive: unpack it first")
                else:
                    content = archive.extractfile(entry)
                    assert content is not None
                    with content:
                        to.write(place, content, None)


class _Counted:
    """A stream that refuses to give more than the limits."""

    def __init__(self, source: IO[bytes], to: _Unpacking, packed: int | None) -> None:
        self._source = source
        self._to = to
        self._packed = packed
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._given += len(content)
        over = self._packed is not None and self._given > _FREE + MAX_RATIO * self._packed
        if over or self._given > 2 * MAX_BYTES:
            raise self._to.refuse(
                f"it inflates to more than {MAX_RATIO} times its size"
                if over
                else f"it inflates to more than {MAX_BYTES:,} bytes"
            )
        return content
