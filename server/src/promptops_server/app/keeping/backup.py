"""Write a backup of the whole installation to one file, beside running servers."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from promptops_server import __version__
from promptops_server.app import migrate
from promptops_server.app.data_dir import secret_of
from promptops_server.app.keeping import postgres_tables
from promptops_server.app.keeping.errors import CannotKeep
from promptops_server.app.keeping.from_sqlite import snapshot
from promptops_server.app.keeping.sealed_file import Member, Writer
from promptops_server.app.operator_token import OPERATOR
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.audit.checkpoints import installation_id
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database
from promptops_server.infra.settings import Settings

DATABASE, JOBS = "promptops.sqlite", "jobs.sqlite"
SECRET, CHECKPOINTS, SETTINGS = "secret.key", "audit-checkpoints.jsonl", "promptops.toml"
"""Members that are files; `SEQUENCES` and those that begin with `TABLE` are of PostgreSQL."""
TABLE, SEQUENCES = "table:", "sequences"

Progress = Callable[[str, int], None]
"""Told what is being written, and how many bytes are written so far, before they are deflated."""

_PLACES = """
SELECT p.name, e.name, e.epoch, e.head FROM environment e JOIN project p ON p.id = e.project_id ORDER BY 1, 2
"""
_LOGS = "SELECT log_id, max(seq) FROM audit_event GROUP BY log_id ORDER BY log_id"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written. `environments` are positions (``1-42``) by ``project/environment``; times are RFC 3339."""

    file: str
    bytes: int
    sha256: str
    seconds: float
    snapshot_at: str
    installation: str
    engine: str
    revision: str
    environments: dict[str, str]
    members: list[Member]


def make_backup(settings: Settings, file: Path, passphrase: str, on_progress: Progress) -> Made:
    """Everything acknowledged before `snapshot_at` is in it, whole; nothing that was not.

    The file appears under its name when all of it is on the disk. Writes one audit event, which is in the backup.

    Raises:
        CannotKeep: there is no database, or one of another version; the file is there already or cannot be written, and
            then nothing is left of it.
        CannotStart: the secret key cannot be read.
        Unavailable: the database does not answer.
    """
    began = time.monotonic()
    if file.exists():
        raise CannotKeep(f"{file} is there already: a backup never replaces another.")
    if settings.database.url is None and not (settings.data_dir / DATABASE).exists():
        raise CannotKeep(f"There is no database in {settings.data_dir}.")
    secret = secret_of(settings, create=False)
    db = Database(settings.database_url, pool_size=2)
    try:
        if migrate.pending(db):
            raise CannotKeep(
                "The database has not been migrated to this version: make the backup with the version that runs on it."
            )
        with _appearing(file) as out:
            installation = _note(db, file.name)
            about = {
                "installation": installation,
                "program": __version__,
                "engine": "sqlite" if db.is_sqlite else "postgresql",
                "revision": migrate.current(db),
            }
            writer = Writer(out, passphrase, about)
            for name, data in _small_files(settings, secret):
                writer.add(name, data)
            state = (_from_sqlite if db.is_sqlite else _from_postgres)(
                db, settings, writer, file.parent, on_progress
            )
            digest = writer.finish({"about": about, **state})
        return Made(
            file=str(file),
            bytes=file.stat().st_size,
            sha256=digest,
            seconds=round(time.monotonic() - began, 3),
            snapshot_at=state["snapshot_at"],
            installation=installation,
            engine=str(about["engine"]),
            revision=str(about["revision"]),
            environments=state["environments"],
            members=writer.members,
        )
    finally:
        db.close()


def _note(db: Database, name: str) -> str:
    """Who has a copy of everything is worth knowing; told before there is one. Returns the installation's id."""
    with db.write() as tx:
        installation = installation_id(tx.conn)
        record(
            tx,
            AuditEvent(
                action="backup.create",
                object=AuditObject("installation", installation),
                actor=OPERATOR,
                after={"file": name},
            ),
        )
    return installation


def _small_files(settings: Settings, secret: bytes) -> Iterator[tuple[str, bytes]]:
    yield SECRET, secret + b"\n"
    for name, path in ((SETTINGS, settings.config_file), (CHECKPOINTS, settings.checkpoint_file)):
        if path is not None and path.exists():
            yield name, path.read_bytes()


def _from_sqlite(
    db: Database, _settings: Settings, writer: Writer, near: Path, on_progress: Progress
) -> dict[str, Any]:
    main = Path(str(db.url.database))
    with snapshot([main, main.with_name(JOBS)]) as taken:
        for name in taken.names:

            def copied(pages: int, _of: int, name: str = name) -> None:
                on_progress(f"copying {name}", pages * 4096)

            writer.begin(DATABASE if name == main.name else name)
            for chunk in taken.content(name, near, copied):
                writer.put(chunk)
                on_progress(name, writer.written)
        cursor = taken.main()
        return _state(
            taken.taken_at, cursor.execute(_PLACES).fetchall(), cursor.execute(_LOGS).fetchall()
        )


def _from_postgres(
    db: Database, _settings: Settings, writer: Writer, _near: Path, on_progress: Progress
) -> dict[str, Any]:
    taken_at = now_us()
    with db.read() as conn:  # one snapshot from its first statement on
        driver = postgres_tables.driver(conn)
        for rows in postgres_tables.tables(driver):
            writer.begin(f"{TABLE}{rows.name}", columns=list(rows.columns))
            for part in postgres_tables.copy_out(driver, rows):
                writer.put(part)
                on_progress(rows.name, writer.written)
        writer.add(SEQUENCES, postgres_tables.sequences(driver))
        places = driver.execute(_PLACES.encode()).fetchall()
        return _state(taken_at, places, driver.execute(_LOGS.encode()).fetchall())


def _state(
    taken_at: int, places: list[tuple[Any, ...]], logs: list[tuple[Any, ...]]
) -> dict[str, Any]:
    return {
        "snapshot_at": to_text(taken_at),
        "environments": {
            f"{project}/{name}": f"{epoch}-{head}" for project, name, epoch, head in places
        },
        "audit": dict(logs),
    }


@contextmanager
def _appearing(file: Path) -> Iterator[BinaryIO]:
    """A file that has its name once it is whole and on the disk; only its owner may read it."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    except OSError as error:
        raise CannotKeep(f"{file} cannot be written: {error.strerror}.") from None
    part = Path(name)
    try:
        with open(number, "wb", buffering=1 << 20) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    except OSError as error:  # most often: the disk is full
        raise CannotKeep(f"{file} cannot be written: {error.strerror or error}.") from None
    except sqlite3.Error as error:
        raise CannotKeep(f"The copy of the database cannot be written: {error}.") from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """What was named in the folder stays so after a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
