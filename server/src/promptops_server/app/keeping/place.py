"""Files that are restored: unpacked beside the data directory, and put in place at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promptops_server.app.keeping.backup import (
    CHECKPOINTS,
    DATABASE,
    JOBS,
    SECRET,
    SETTINGS,
    sync_folder,
)
from promptops_server.app.keeping.errors import BackupBroken
from promptops_server.app.keeping.sealed_file import Begun
from promptops_server.infra.settings import Settings

_FILES = (DATABASE, JOBS, SECRET, CHECKPOINTS)
_BESIDE = ("-wal", "-shm")
RESTORED_SETTINGS = f"{SETTINGS}.restored"
"""Not in force by itself: it may name the Redis and the outputs of the installation that was backed up."""


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, gone at the end with what is left in it, as are those of restores that were killed."""
    for left in folder.glob(".restore-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=".restore-", dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def unpack(apart: Path, member: Begun) -> None:
    if member.name not in (*_FILES, SETTINGS):
        raise BackupBroken(f"it has a member {member.name!r} that this version does not know")
    name = RESTORED_SETTINGS if member.name == SETTINGS else member.name
    with open(apart / name, "xb", opener=_private) as out:
        for chunk in member.chunks:
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def put_in_place(settings: Settings, apart: Path) -> Path | None:
    """Move what was there into a folder of its own, and the new files to their names; returns that folder."""
    folder = settings.data_dir
    _leave_to_settings(settings, apart)
    came = sorted(apart.iterdir())
    aside: Path | None = None
    for path in came:
        for name in (path.name, *(path.name + end for end in _BESIDE)):
            old = folder / name
            if not old.exists() or (name == SECRET and old.read_bytes() == path.read_bytes()):
                continue
            if aside is None:
                aside = Path(tempfile.mkdtemp(prefix="before-restore-", dir=folder))
            old.rename(aside / name)
    # The database last: until it has its name, a server would find an empty directory, or none of its own.
    for path in sorted(came, key=lambda path: path.name == DATABASE):
        path.rename(folder / path.name)
    sync_folder(folder)
    return aside


def _leave_to_settings(settings: Settings, apart: Path) -> None:
    """What settings keep in another place is not put into the data directory."""
    server, (secret, checkpoints) = settings.server, (apart / SECRET, apart / CHECKPOINTS)
    if server.secret_key is not None:
        secret.unlink()
    elif (named := server.secret_key_file) is not None:
        if not named.exists():
            with open(named, "xb", opener=_private) as out:
                out.write(secret.read_bytes())
        secret.unlink()
    if settings.audit.checkpoint_file is not None:
        checkpoints.unlink()
