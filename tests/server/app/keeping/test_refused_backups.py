"""What a backup or restore does not do, and what it leaves behind then: nothing."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from promptops_server.app import migrate
from promptops_server.app.data_dir import DataDirLock
from promptops_server.app.installation import ensure_installation
from promptops_server.app.keeping.backup import make_backup
from promptops_server.app.keeping.errors import BackupBroken, CannotKeep, WrongPassphrase
from promptops_server.app.keeping.restore import Restored, restore_backup
from promptops_server.app.keeping.verify import verify_backup
from promptops_server.app.operator_token import create_operator_token
from promptops_server.delivery.keys import Keys
from promptops_server.infra.database import Database
from promptops_server.infra.settings import load
from support.server import BIN

PASSPHRASE = "what only the two of us know"
SECRET = "5" * 64


@dataclass
class Kept:
    """An installation that has a user and a signing key, and a backup of it."""

    data: Path
    file: Path
    folder: Path

    def restore(self, *, replace: bool = False, passphrase: str = PASSPHRASE) -> Restored:
        return restore_backup(
            load({"data_dir": self.folder / "target"}, environ={}), self.file, passphrase,
            replace=replace, reason="For a test", on_progress=lambda _what, _done: None,
        )  # fmt: skip

    def in_target(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "target").glob("*"))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "data"
    data.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, data / "promptops.sqlite")
    (data / "secret.key").write_text(SECRET)
    (data / "promptops.toml").write_text("port = 8471\n")
    db = Database(f"sqlite:///{data / 'promptops.sqlite'}")
    ensure_installation(db)
    Keys(db, SECRET.encode()).ensure()
    create_operator_token(db, user="ada", role="admin")
    db.close()
    file = folder / "good.promptops"
    make_backup(load({"data_dir": data}, environ={}), file, PASSPHRASE, lambda _what, _done: None)
    return Kept(data, file, folder)


@pytest.fixture
def kept(made_once: Kept, tmp_path: Path) -> Kept:
    shutil.copytree(made_once.data, tmp_path / "data")
    shutil.copyfile(made_once.file, tmp_path / "good.promptops")
    return Kept(tmp_path / "data", tmp_path / "good.promptops", tmp_path)


def test_a_restore_brings_back_rows_secret_and_settings_that_do_not_count_yet(kept: Kept) -> None:
    first = kept.restore()
    assert kept.in_target() == [
        "audit-checkpoints.jsonl", "promptops.sqlite", "promptops.toml.restored", "secret.key", "server.lock",
    ]  # fmt: skip
    target = kept.folder / "target"
    assert (target / "secret.key").read_text().strip() == SECRET
    for name in ("secret.key", "promptops.sqlite"):
        assert (target / name).stat().st_mode & 0o077 == 0
    with sqlite3.connect(target / "promptops.sqlite") as conn:
        assert conn.execute("SELECT name FROM user_account").fetchall() == [("ada",)]
    # Again, from the same backup: above what the first restore gave out, which nothing in the backup tells.
    second = kept.restore(replace=True)
    assert second.finished.epoch > first.finished.epoch
    assert second.set_aside is not None
    assert (Path(second.set_aside) / "promptops.sqlite").exists()


def test_a_restore_refuses_what_is_not_empty_in_use_or_of_another_engine(kept: Kept) -> None:
    target = kept.folder / "target"
    target.mkdir()
    (target / "secret.key").write_text("another one")
    with pytest.raises(CannotKeep, match=r"not empty \(secret.key\).*--replace"):
        kept.restore()
    (target / "secret.key").unlink()
    with DataDirLock(target), pytest.raises(Exception, match="used by a running server"):
        kept.restore(replace=True)
    url = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(CannotKeep, match="backup of an SQLite installation"):
        restore_backup(
            load({"data_dir": target, "database.url": url}, environ={}), kept.file, PASSPHRASE,
            replace=False, reason="For a test", on_progress=lambda _what, _done: None,
        )  # fmt: skip
    nowhere = {"data_dir": target, "redis.url": f"unix://{kept.folder}/none"}
    with pytest.raises(CannotKeep, match="Redis does not answer"):
        restore_backup(
            load(nowhere, environ={}), kept.file, PASSPHRASE,
            replace=False, reason="For a test", on_progress=lambda _what, _done: None,
        )  # fmt: skip
    assert kept.in_target() == ["server.lock"]


def test_a_wrong_passphrase_and_a_flipped_byte_leave_the_target_as_it_was(kept: Kept) -> None:
    with pytest.raises(WrongPassphrase):
        kept.restore(passphrase="a guess, and a wrong one")
    data = bytearray(kept.file.read_bytes())
    data[len(data) // 2] ^= 1
    kept.file.write_bytes(data)
    for attempt in (kept.restore, lambda: verify_backup(kept.file, None)):
        with pytest.raises(BackupBroken, match="cannot be used"):
            attempt()
    assert kept.in_target() == ["server.lock"]
    assert not list((kept.folder / "target").glob(".restore-*"))


def test_another_secret_in_the_settings_is_refused(kept: Kept) -> None:
    settings = load({"data_dir": kept.folder / "target", "secret_key": "6" * 64}, environ={})
    with pytest.raises(Exception, match="sealed with another secret key"):
        restore_backup(
            settings, kept.file, PASSPHRASE,
            replace=False, reason="For a test", on_progress=lambda _what, _done: None,
        )  # fmt: skip
    assert kept.in_target() == ["server.lock"]


def test_a_backup_never_replaces_a_file_and_is_whole_without_its_passphrase(kept: Kept) -> None:
    before = kept.file.read_bytes()
    with pytest.raises(CannotKeep, match="there already"):
        make_backup(
            load({"data_dir": kept.data}, environ={}), kept.file, PASSPHRASE, lambda _w, _d: None
        )
    assert kept.file.read_bytes() == before
    assert SECRET.encode() not in before
    assert verify_backup(kept.file, None).manifest == {}
    opened = verify_backup(kept.file, PASSPHRASE).manifest
    assert {"promptops.sqlite", "secret.key"} <= {m["name"] for m in opened["members"]}


def test_a_postgresql_database_is_replaced_only_when_nobody_uses_it(
    postgres_url: str, tmp_path: Path
) -> None:
    settings = load(
        {"data_dir": tmp_path / "data", "database.url": postgres_url, "secret_key": SECRET},
        environ={},
    )
    db = Database(postgres_url)
    ensure_installation(db)
    Keys(db, SECRET.encode()).ensure()
    create_operator_token(db, user="ada", role="admin")
    file = tmp_path / "good.promptops"
    make_backup(settings, file, PASSPHRASE, lambda _what, _done: None)
    create_operator_token(db, user="eve", role="admin")

    def restore() -> Restored:
        return restore_backup(
            settings, file, PASSPHRASE,
            replace=True, reason="For a test", on_progress=lambda _what, _done: None,
        )  # fmt: skip

    with pytest.raises(CannotKeep, match="Others are connected"):
        restore()
    db.close()
    data = bytearray(file.read_bytes())
    data[-200] ^= 1  # in the last member, when all tables have been filled
    file.write_bytes(data)
    with pytest.raises(BackupBroken):
        restore()
    with psycopg.connect(postgres_url) as conn:
        names = "SELECT name FROM user_account ORDER BY name"
        assert conn.execute(names).fetchall() == [("ada",), ("eve",)]
    data[-200] ^= 1
    file.write_bytes(data)
    assert restore().finished.epoch > 1
    with psycopg.connect(postgres_url) as conn:
        assert conn.execute(names).fetchall() == [("ada",)]
        with pytest.raises(psycopg.errors.RaiseException):  # the log is guarded as before
            conn.execute("DELETE FROM audit_event")
    with psycopg.connect(postgres_url) as conn:  # as a restore that was killed leaves it
        conn.execute("UPDATE alembic_version SET version_num = 'restoring'")
    killed = Database(postgres_url)
    with pytest.raises(migrate.NewerSchema, match="did not end"):
        migrate.pending(killed)
    killed.close()
    assert restore().environments == {}
    assert not (tmp_path / "data" / "secret.key").exists()  # the settings have it


@contextmanager
def files_of_at_most(limit: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_while_the_file_is_written_leaves_nothing(kept: Kept) -> None:
    (kept.data / "audit-checkpoints.jsonl").write_bytes(os.urandom(4_000_000))
    there = sorted(path.name for path in kept.folder.iterdir())
    settings = load({"data_dir": kept.data}, environ={})
    with files_of_at_most(3_000_000), pytest.raises(CannotKeep, match="cannot be written"):
        make_backup(settings, kept.folder / "new", PASSPHRASE, lambda _what, _done: None)
    assert sorted(path.name for path in kept.folder.iterdir()) == there


def test_a_disk_that_is_full_during_the_copy_is_one_line_and_leaves_nothing(kept: Kept) -> None:
    (kept.folder / "passphrase").write_text(PASSPHRASE)
    there = sorted(path.name for path in kept.folder.iterdir())
    done = subprocess.run(
        [
            str(BIN / "promptops-server"), "backup", str(kept.folder / "new"), "--data", str(kept.data),
            "--passphrase-file", str(kept.folder / "passphrase"),
        ],
        capture_output=True, text=True, timeout=90, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("promptops-server: ")
    assert "cannot be written" in done.stderr
    assert sorted(path.name for path in kept.folder.iterdir()) == there
