"""The backup file: a readable first part, then encrypted frames, then a digest over all of it.

    promptops backup 1\n
    {"about": …, "key": {"name": "scrypt", "n": …, "r": …, "p": …, "salt": …}}\n
    frames: length (4 bytes, big-endian), ciphertext
    length 0, SHA-256 of everything before it (32 bytes)

A frame is AES-256-GCM under a key made of passphrase and salt; its nonce is its number, and it is bound to the first part, so
that no frame can be changed, left out, moved, or taken from another file. Its plaintext is one byte for its kind, then

    M  a member begins: JSON with its `name`
    D  the member's next bytes, deflated
    E  the manifest: JSON, once, at the end

The digest tells damage apart from a wrong passphrase, and can be checked without one. Owns the form; what the members are
belongs to `backup` and `restore`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from promptops_server.app.keeping.errors import BackupBroken, WrongPassphrase

MAGIC = b"promptops backup 1\n"
CHUNK = 1 << 20
"""Bytes of a member in one frame, before they are deflated."""

_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MiB and a third of a second for each guess
_LONGEST_HEAD = 64 * 1024
_LONGEST_FRAME = 64 << 20  # a manifest of a million members
_DIGEST = 32


class Member(NamedTuple):
    """What the manifest says of one member: name, bytes, and their SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass
class _Sum:
    name: str
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self.digest.update(data)

    def done(self) -> Member:
        return Member(self.name, self.size, self.digest.hexdigest())


class Writer:
    """Writes one backup to `out`, front to back: members with `begin` and `put`, then `finish`.

    Args:
        about: what may be read without the passphrase. Raises OSError when `out` takes no more.
    """

    def __init__(self, out: BinaryIO, passphrase: str, about: Mapping[str, Any]) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        salt = secrets.token_bytes(16)
        head = {
            "about": dict(about),
            "key": {"name": "scrypt", **_SCRYPT, "salt": base64.b64encode(salt).decode()},
        }
        first = MAGIC + json.dumps(head, ensure_ascii=False).encode() + b"\n"
        self._write(first)
        self._cipher = AESGCM(_key(passphrase, salt, **_SCRYPT))
        self._bound = hashlib.sha256(first).digest()
        self._frames = 0
        self._open: _Sum | None = None
        self._buffer = bytearray()
        self.members: list[Member] = []
        self.written = 0
        """Bytes of members so far."""

    def begin(self, name: str, **more: Any) -> None:
        """The next bytes belong to this member; `more` is told to who reads it."""
        self._end_member()
        self._open = _Sum(name)
        self._frame(b"M", json.dumps({"name": name, **more}).encode())

    def put(self, data: bytes | memoryview) -> None:
        """Add to the member begun last."""
        assert self._open is not None
        self._buffer += data
        self.written += len(data)
        while len(self._buffer) >= CHUNK:
            self._data(bytes(self._buffer[:CHUNK]))
            del self._buffer[:CHUNK]

    def add(self, name: str, data: bytes) -> None:
        """A whole member."""
        self.begin(name)
        self.put(data)

    def finish(self, manifest: Mapping[str, Any]) -> str:
        """The manifest, with the members added, and the end; returns the digest over the file in hexadecimal."""
        self._end_member()
        whole = {**manifest, "members": [member._asdict() for member in self.members]}
        self._frame(b"E", json.dumps(whole, ensure_ascii=False).encode())
        self._write((0).to_bytes(4))
        digest = self._digest.digest()
        self._out.write(digest)
        return digest.hex()

    def _end_member(self) -> None:
        if self._open is None:
            return
        if self._buffer:
            self._data(bytes(self._buffer))
            self._buffer.clear()
        self.members.append(self._open.done())
        self._open = None

    def _data(self, chunk: bytes) -> None:
        assert self._open is not None
        self._open.add(chunk)
        self._frame(b"D", zlib.compress(chunk, 1))

    def _frame(self, kind: bytes, payload: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self._frames), kind + payload, self._bound)
        self._frames += 1
        self._write(len(sealed).to_bytes(4) + sealed)

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._out.write(data)


class Begun(NamedTuple):
    """A member that begins: its name, what else was said of it, and its bytes, to be read before the next one."""

    name: str
    more: dict[str, Any]
    chunks: Iterator[bytes]


class Reader:
    """Reads one backup front to back; nothing is handed out that the passphrase's key did not seal in this file.

    Until `members` is exhausted it is not known whether the file is whole.

    Raises:
        BackupBroken: this is no backup, or one of a newer kind.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        if self._take(len(MAGIC)) != MAGIC:
            raise BackupBroken("this is no backup of promptops-server, or one of a newer version")
        line = source.readline(_LONGEST_HEAD)
        self._digest.update(line)
        try:
            head = json.loads(line)
            key = head["key"]
            self.about: dict[str, Any] = dict(head["about"])
            self._salt = base64.b64decode(key["salt"], validate=True)
            self._cost = {name: int(key[name]) for name in _SCRYPT}
        except (ValueError, TypeError, KeyError):
            raise BackupBroken("its first part was changed") from None
        if key.get("name") != "scrypt" or any(self._cost[n] > 16 * _SCRYPT[n] for n in _SCRYPT):
            raise BackupBroken("its first part was changed")
        self._bound = hashlib.sha256(MAGIC + line).digest()
        self._cipher: AESGCM | None = None
        self._frames = 0
        self.manifest: dict[str, Any] = {}

    def whole(self) -> str:
        """Read to the end and compare the digest; returns it in hexadecimal. Needs no passphrase. Raises BackupBroken."""
        while self._sealed() is not None:
            pass
        return self._digest.hexdigest()

    def members(self, passphrase: str) -> Iterator[Begun]:
        """Every member in order; then `manifest` is there, and everything was as it says.

        Raises:
            BackupBroken: something was changed or is missing.
            WrongPassphrase: the file is whole, but sealed with another one.
        """
        try:
            self._cipher = AESGCM(_key(passphrase, self._salt, **self._cost))
        except (ValueError, MemoryError):
            raise BackupBroken("its first part was changed") from None
        seen: list[Member] = []
        kind, payload = self._frame()
        while kind == b"M":
            said = json.loads(payload)
            total = _Sum(said.pop("name"))
            ahead: list[tuple[bytes, bytes]] = []
            chunks = self._chunks(total, ahead)
            yield Begun(total.name, said, chunks)
            for _ in chunks:  # whatever the caller left unread
                pass
            seen.append(total.done())
            kind, payload = ahead.pop()
        if kind != b"E" or self._sealed() is not None:
            raise BackupBroken("its frames are not in order")
        manifest = json.loads(payload)
        if [Member(**member) for member in manifest["members"]] != seen:
            raise BackupBroken("its members are not those of its manifest")
        self.manifest = manifest

    def _chunks(self, total: _Sum, ahead: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
        while True:
            kind, payload = self._frame()
            if kind != b"D":
                ahead.append((kind, payload))
                return
            chunk = zlib.decompress(payload)
            total.add(chunk)
            yield chunk

    def _frame(self) -> tuple[bytes, bytes]:
        sealed = self._sealed()
        if sealed is None:
            raise BackupBroken("it ends without a manifest")
        assert self._cipher is not None
        try:
            opened = self._cipher.decrypt(_nonce(self._frames), sealed, self._bound)
        except InvalidTag:
            self.whole()
            if self._frames:
                raise BackupBroken("a frame was changed") from None
            raise WrongPassphrase(
                "The passphrase is not the one this backup was made with."
            ) from None
        self._frames += 1
        return opened[:1], opened[1:]

    def _sealed(self) -> bytes | None:
        """The next frame as it lies in the file; None after the last, when the digest is right and nothing follows."""
        length = int.from_bytes(self._take(4))
        if length:
            if length > _LONGEST_FRAME:
                raise BackupBroken("it was changed: a frame is longer than any")
            return self._take(length)
        digest = self._digest.digest()
        if self._source.read(_DIGEST) != digest or self._source.read(1):
            raise BackupBroken("it was changed or cut off: its digest is another one")
        return None

    def _take(self, length: int) -> bytes:
        data = self._source.read(length)
        self._digest.update(data)
        if len(data) != length:
            raise BackupBroken("it is cut off")
        return data


def _key(passphrase: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode())


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)
