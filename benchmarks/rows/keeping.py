"""A backup while releases are being published, its restore into an empty place, and the server's start on that.

10,000 prompts, published once. The floor of a backup is a plain copy of the data directory, which is neither of one moment nor
packed, encrypted or checked; on PostgreSQL there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.row import Row, millis
from benchmarks.stage import (
    PROJECT,
    import_many,
    postgres,
    project,
    prompt_text,
    publish,
    publish_many,
    put,
    server,
)
from support.server import BIN, RunningServer

MANY = 10_000
_PASSPHRASE = "for a benchmark, and kept nowhere"


def run(quick: bool) -> list[Row]:
    """Seconds and bytes, on both databases."""
    many = 2_000 if quick else MANY
    rows = _of("SQLite", many, None, None)
    with postgres() as url:
        if url is not None:
            with _another_database(url) as empty:
                rows += _of("PostgreSQL", many, url, empty)
    return rows


@contextmanager
def _another_database(url: str) -> Iterator[str]:
    import psycopg
    from sqlalchemy.engine import make_url

    name = f"restored_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _of(engine: str, many: int, database: str | None, empty: str | None) -> list[Row]:
    args = () if database is None else ("--database-url", database, "--migrate")
    with tempfile.TemporaryDirectory(prefix="po-") as folder, server(*args) as running:
        file, passphrase = Path(folder) / "backup.promptops", Path(folder) / "passphrase"
        passphrase.write_text(_PASSPHRASE)
        passphrase.chmod(0o600)
        given = ("--passphrase-file", passphrase)
        with project(running) as api:
            import_many(api, many, lambda number: (_path(number), prompt_text(number)))
            publish_many(api, "staging", [_path(number) for number in range(many)])
            before: list[float] = []
            with _publishing(running, api, before):
                time.sleep(3)
            during: list[float] = []
            with _publishing(running, api, during):
                words = ("backup", file, "--data", running.data, *args[:2], *given)
                backup = _seconds(words)
        size = file.stat().st_size
        copied = _copying(running.data, folder) if database is None else None
        target = RunningServer(
            Path(folder) / "restored" / "data",
            args=() if empty is None else ("--database-url", empty),
            as_installed=True,
        )
        restore = _seconds(("restore", file, "--data", target.data, *target.args, *given))
        begin = time.perf_counter()
        target.start(120)
        started = time.perf_counter() - begin
        try:
            with target.api(target.token("again", "admin")) as again:
                live = again.get(f"/projects/{PROJECT}/environments/staging").json()
                assert live["items"], "nothing is live after the restore"
        finally:
            target.stop()
    usual, then = statistics.median(before), statistics.median(during)
    what = f"{many:,} prompts, {engine}"
    floor = "" if copied is None else f"copy of the files {copied:.2f} s"
    return [
        Row(f"backup, whole command, while releases are published, {what}", f"{backup:.1f} s, {size / 1e6:.1f} MB",
            floor, None if copied is None else backup / copied, "≤ 10 s", backup <= 10),
        Row(f"a release's acknowledgement during a backup, median, {what}", millis(then),
            f"without {millis(usual)}", then / usual, "≤ 3×", then <= 3 * usual),
        Row(f"restore, whole command, {what}", f"{restore:.1f} s", "", None, "≤ 30 s", restore <= 30),
        Row(f"start of the server on it, until ready, {what}", f"{started:.1f} s", "", None, "≤ 15 s", started <= 15),
    ]  # fmt: skip


def _path(number: int) -> str:
    return f"area-{number % 100:02}/prompt-{number:06}"


@contextmanager
def _publishing(running: RunningServer, api: Any, took: list[float]) -> Iterator[None]:
    """Publish one prompt back and forth meanwhile, and note how long each release's acknowledgement took."""
    path = f"busy/at-{time.monotonic_ns()}"
    versions = [put(api, path, prompt_text(0))]
    versions.append(put(api, path, prompt_text(1), versions[0]))
    token, stop = running.token("releaser", "admin"), threading.Event()

    def on_and_on() -> None:
        turn = 0
        with running.api(token) as mine:
            while not stop.is_set():
                begin = time.perf_counter()
                publish(mine, "staging", path, versions[turn % 2])
                took.append(time.perf_counter() - begin)
                turn += 1
                stop.wait(0.02)

    thread = threading.Thread(target=on_and_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def _seconds(words: tuple[object, ...]) -> float:
    command = [str(BIN / "promptops-server"), *(str(word) for word in words), "--json"]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]}: {done.stderr[-2000:]}")
    json.loads(done.stdout)
    return took


def _copying(data: Path, folder: str) -> float:
    begin = time.perf_counter()
    shutil.copytree(data, Path(folder) / "copy", ignore=shutil.ignore_patterns("*.sock", "*.pid"))
    os.sync()
    return time.perf_counter() - begin
