"""Put a backup in place: into a data directory (SQLite) or a PostgreSQL database, as a new epoch.

Everything is opened, checked and migrated beside the target first; what was in the target is set aside or refused.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops_server.app import migrate
from promptops_server.app.data_dir import DataDirLock, prepare
from promptops_server.app.keeping import to_postgres
from promptops_server.app.keeping.backup import (
    CHECKPOINTS,
    DATABASE,
    SECRET,
    SEQUENCES,
    TABLE,
)
from promptops_server.app.keeping.errors import BackupBroken, CannotKeep
from promptops_server.app.keeping.finish import Finished, finish
from promptops_server.app.keeping.place import (
    RESTORED_SETTINGS,
    folder_beside,
    put_in_place,
    unpack,
)
from promptops_server.app.keeping.sealed_file import Begun, Reader
from promptops_server.app.keeping.target import (
    old_epoch,
    require_empty,
    require_engine,
    require_redis,
)
from promptops_server.app.redis_address import address_of
from promptops_server.infra.database import Database
from promptops_server.infra.redis import connect
from promptops_server.infra.settings import Settings

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
            require_engine(settings, str(reader.about.get("engine")))
            prepare(settings.data_dir)
            stack.enter_context(DataDirLock(settings.data_dir))
            if not replace:
                require_empty(settings)
            require_redis(settings)
            apart = stack.enter_context(folder_beside(settings.data_dir))
            members = _counted(reader.members(passphrase), on_progress)
            put = _into_sqlite if settings.is_sqlite else _into_postgres
            finished, aside = put(settings, reader, members, apart, replace, reason)
    except BackupBroken as broken:
        raise BackupBroken(
            f"{file} cannot be used: {broken}. Nothing was changed in the target."
        ) from None
    kept = settings.data_dir / RESTORED_SETTINGS
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
        unpack(apart, member)
    db = Database(f"sqlite:///{apart / DATABASE}", pool_size=2)
    try:
        _require_sound(apart / DATABASE)
        migrate.upgrade(db)
        finished = _finish(db, settings, reader, apart, old_epoch(settings), reason)
    finally:
        db.close()  # the last connection folds the write-ahead log into the file
    return finished, put_in_place(settings, apart)


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
                    unpack(apart, member)
        finished = _finish(db, settings, reader, apart, above, reason)
    finally:
        db.close()
    return finished, put_in_place(settings, apart)


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


def _require_sound(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    connection.close()
    if said != "ok":
        raise CannotKeep(f"The database in the backup is damaged: {said}")


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
