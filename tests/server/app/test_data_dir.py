"""The data directory: one server at a time, a crash leaves no lock, the secret is made once and stays private."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from promptops_server.app.data_dir import DataDirLock, prepare, secret_of
from promptops_server.app.errors import CannotStart
from promptops_server.infra.settings import Settings, load

HOLD = """
import sys, time
from pathlib import Path
from promptops_server.app.data_dir import DataDirLock
with DataDirLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def settings(folder: Path, **flags: object) -> Settings:
    return load({"data_dir": folder, **flags}, environ={})


def test_a_directory_is_made_for_its_owner_only(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0


def test_a_running_server_keeps_others_out_and_a_crashed_one_does_not(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(CannotStart, match=f"process {holder.pid}"),
                DataDirLock(tmp_path),
            ):
                pass
        finally:
            holder.kill()
    with DataDirLock(tmp_path) as lock:
        assert lock.crashed_pid == holder.pid
    with DataDirLock(tmp_path) as lock:
        assert lock.crashed_pid is None  # the run before this one ended cleanly


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="does not exist"):
        secret_of(settings(tmp_path), create=False)
    first = secret_of(settings(tmp_path), create=True)
    assert len(first) == 64
    assert secret_of(settings(tmp_path), create=True) == first
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_a_given_secret_is_used(tmp_path: Path) -> None:
    assert secret_of(settings(tmp_path, secret_key="k" * 32), create=True) == b"k" * 32
    file = tmp_path / "other"
    file.write_text("f" * 40 + "\n")
    assert secret_of(settings(tmp_path, secret_key_file=file), create=True) == b"f" * 40
    assert not (tmp_path / "secret.key").exists()


def test_a_short_or_missing_secret_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other"
    with pytest.raises(CannotStart, match="does not exist"):
        secret_of(settings(tmp_path, secret_key_file=file), create=True)
    file.write_text("short")
    with pytest.raises(CannotStart, match="shorter than 32"):
        secret_of(settings(tmp_path, secret_key_file=file), create=True)
