"""Put a backup in place: into a data directory (SQLite) or a PostgreSQL database, as a new epoch.

Everything is opened, checked and migrated beside the target first; what was in the target is set aside or refused.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from promptops_server.app import migrate
from promptops_server.app.data_dir import DataDirLock, prepare
from promptops_server.app.keeping import to_postgres
from promptops_server.app.keeping.backup import (
    CHECKPOINTS,
    DATABASE,
    JOBS,
    SECRET,
    SEQUENCES,
    SETTINGS,
    TABLE,
    sync_folder,
)
from promptops_server.app.keeping.errors import BackupBroken, CannotKeep
from promptops_server.app.keeping.finish import Finished, finish
from promptops_server.app.keeping.sealed_file import Begun, Reader
from promptops_server.app.redis_address import address_of
from promptops_server.infra.database import Database
from promptops_server.infra.redis import connect
from promptops_server.infra.settings import Settings

_FILES = (DATABASE, JOBS, SECRET, CHECKPOINTS)
_BESIDE = ("-wal", "-shm")
_RESTORED_SETTINGS = f"{SETTINGS}.restored"
"""Not in force by itself: it may name the Redis and the outputs of the installation that was backed up."""

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what did not. `set_aside` is the folder with what was in the data directory before."""

    snapshot_at: str
    installation: str
    program: str
    seconds: float
    environments: dict[str, str]
    finished: Finished
    set_aside: str | None
    settings_file: str | None


def restore_backup(
    settings: Settings,
    file: Path,
    passphrase: str,
    *,
    replace: bool,
    reason: str,
    on_progress: Progress,
) -> Restored:
    """Restore into the database of the settings, and the rest into their data directory.

    Raises:
        CannotKeep: the target is not empty, is in use, or is of the other engine; Redis does not answer.
        BackupBroken: the file is no whole backup.
        WrongPassphrase: it was sealed with another one.
        KeyUnreadable: `secret_key` is set, and is not the backup's.
        NewerSchema: a newer program made the backup.
    """
    began = time.monotonic()
    try:
        with ExitStack() as stack:
            source = stack.enter_context(file.open("rb"))
            reader = Reader(source)
            _require_engine(settings, str(reader.about.get("engine")))
            prepare(settings.data_dir)
            stack.enter_context(DataDirLock(settings.data_dir))
            if not replace:
                _require_empty(settings)
            _require_redis(settings)
            apart = stack.enter_context(_apart(settings.data_dir))
            members = _counted(reader.members(passphrase), on_progress)
            put = _into_sqlite if settings.is_sqlite else _into_postgres
            finished, aside = put(settings, reader, members, apart, replace, reason)
    except BackupBroken as broken:
        raise BackupBroken(
            f"{file} cannot be used: {broken}. Nothing was changed in the target."
        ) from None
    kept = settings.data_dir / _RESTORED_SETTINGS
    return Restored(
        snapshot_at=reader.manifest["snapshot_at"],
        installation=reader.about["installation"],
        program=reader.about["program"],
        seconds=round(time.monotonic() - began, 3),
        environments=reader.manifest["environments"],
        finished=finished,
        set_aside=str(aside) if aside else None,
        settings_file=str(kept) if kept.exists() else None,
    )


def _into_sqlite(
    settings: Settings,
    reader: Reader,
    members: Iterator[Begun],
    apart: Path,
    replace: bool,
    reason: str,
) -> tuple[Finished, Path | None]:
    for member in members:
        _unpack(apart, member)
    db = Database(f"sqlite:///{apart / DATABASE}", pool_size=2)
    try:
        _require_sound(apart / DATABASE)
        migrate.upgrade(db)
        finished = _finish(db, settings, reader, apart, _old_epoch(settings), reason)
    finally:
        db.close()  # the last connection folds the write-ahead log into the file
    return finished, _put_in_place(settings, apart)


def _into_postgres(
    settings: Settings,
    reader: Reader,
    members: Iterator[Begun],
    apart: Path,
    replace: bool,
    reason: str,
) -> tuple[Finished, Path | None]:
    db = Database(settings.database_url, pool_size=2)
    try:
        to_postgres.require_target(db, replace=replace)
        above = to_postgres.newest_epoch(db)
        with to_postgres.filling(db, reader.about["revision"]) as target:
            for member in members:
                if member.name == SEQUENCES:
                    target.take_sequences(member)
                elif member.name.startswith(TABLE):
                    target.take(member.name.removeprefix(TABLE), member)
                else:
                    _unpack(apart, member)
        finished = _finish(db, settings, reader, apart, above, reason)
    finally:
        db.close()
    return finished, _put_in_place(settings, apart)


def _finish(
    db: Database, settings: Settings, reader: Reader, apart: Path, above: int, reason: str
) -> Finished:
    (apart / CHECKPOINTS).touch(mode=0o600)
    older = settings.checkpoint_file
    return finish(
        db,
        _secret(settings, apart),
        connect(address_of(settings), timeout=10) if settings.redis.url else None,
        manifest=reader.manifest,
        checkpoints=apart / CHECKPOINTS,
        older_checkpoints=older if older.exists() else None,
        above=above,
        reason=reason,
    )


def _secret(settings: Settings, apart: Path) -> bytes:
    """The one that is set, which servers will use; else the backup's. It is tried on the signing keys."""
    server = settings.server
    if server.secret_key is not None:
        return server.secret_key.get_secret_value().encode()
    if server.secret_key_file is not None and server.secret_key_file.exists():
        return server.secret_key_file.read_bytes().strip()
    return (apart / SECRET).read_bytes().strip()


def _require_engine(settings: Settings, engine: str) -> None:
    if settings.is_sqlite == (engine == "sqlite"):
        return
    if settings.is_sqlite:
        raise CannotKeep(
            "This is the backup of a PostgreSQL installation: name a database with --database-url."
        )
    raise CannotKeep(
        "This is the backup of an SQLite installation: restore it with --data, without a database URL."
    )


def _require_empty(settings: Settings) -> None:
    names = (DATABASE, JOBS) if settings.is_sqlite else ()
    there = [name for name in (*names, SECRET) if (settings.data_dir / name).exists()]
    if not settings.is_sqlite and there == [SECRET]:
        return  # the machine is the same; whether the secret is, the signing keys will tell
    if there:
        raise CannotKeep(
            f"{settings.data_dir} is not empty ({', '.join(there)}): name another directory, or say --replace, "
            "which sets aside what is in it."
        )


def _require_redis(settings: Settings) -> None:
    """Asked before anything is changed; `finish` asks it again."""
    if not settings.redis.url:
        return
    try:
        connect(address_of(settings), timeout=10).ping()
    except redis.RedisError as error:
        raise CannotKeep(
            f"Redis does not answer ({error}); start it, or leave it out: servers rebuild it."
        ) from None


def _require_sound(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    connection.close()
    if said != "ok":
        raise CannotKeep(f"The database in the backup is damaged: {said}")


def _old_epoch(settings: Settings) -> int:
    """The epoch of the database that is replaced; 0 when there is none that can be read."""
    file = settings.data_dir / DATABASE
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(file) as connection:
            found = connection.execute("SELECT max(epoch) FROM installation").fetchone()[0]
        connection.close()
    except sqlite3.Error:
        return 0
    return int(found or 0)


def _unpack(apart: Path, member: Begun) -> None:
    if member.name not in (*_FILES, SETTINGS):
        raise BackupBroken(f"it has a member {member.name!r} that this version does not know")
    name = _RESTORED_SETTINGS if member.name == SETTINGS else member.name
    with open(apart / name, "xb", opener=_private) as out:
        for chunk in member.chunks:
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _put_in_place(settings: Settings, apart: Path) -> Path | None:
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


@contextmanager
def _apart(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, gone at the end with what is left in it, as are those of restores that were killed."""
    for left in folder.glob(".restore-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=".restore-", dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _counted(members: Iterator[Begun], on_progress: Progress) -> Iterator[Begun]:
    done = 0

    def passed(member: Begun) -> Iterator[bytes]:
        nonlocal done
        for chunk in member.chunks:
            done += len(chunk)
            on_progress(member.name.removeprefix(TABLE), done)
            yield chunk

    for member in members:
        yield member._replace(chunks=passed(member))


def described(restored: Restored) -> dict[str, Any]:
    """As `--json` prints it."""
    end = restored.finished
    return {
        "snapshot_at": restored.snapshot_at,
        "installation": restored.installation,
        "program": restored.program,
        "seconds": restored.seconds,
        "epoch": end.epoch,
        "environments": restored.environments,
        "given_up": [
            {"environment": one.environment, "backup": one.backup, "redis": one.out}
            for one in end.given_up
        ],
        "logs_behind": end.logs_behind,
        "set_aside": restored.set_aside,
        "settings_file": restored.settings_file,
    }
