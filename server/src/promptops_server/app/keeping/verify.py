"""Is a backup whole? Without the passphrase by its digest, with it by opening and counting everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops_server.app.keeping.errors import BackupBroken
from promptops_server.app.keeping.sealed_file import Reader


@dataclass(frozen=True, slots=True)
class Verified:
    """What a whole backup says of itself. `manifest` is empty when it was not opened."""

    about: dict[str, Any]
    sha256: str
    manifest: dict[str, Any]


def verify_backup(file: Path, passphrase: str | None) -> Verified:
    """Read all of it.

    Raises:
        BackupBroken: it is cut off, was changed, or is none.
        WrongPassphrase: it is whole, but sealed with another one.
        OSError: it cannot be read.
    """
    try:
        with file.open("rb") as source:
            reader = Reader(source)
            digest = reader.whole()
        if passphrase is None:
            return Verified(reader.about, digest, {})
        with file.open("rb") as source:
            reader = Reader(source)
            for _ in reader.members(passphrase):
                pass
        return Verified(reader.about, digest, reader.manifest)
    except BackupBroken as broken:
        raise BackupBroken(f"{file} cannot be used: {broken}.") from None
