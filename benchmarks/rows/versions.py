"""Creating versions over HTTP, durable, one client: beside a bare durable commit of as many bytes."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.engines import engines
from benchmarks.row import Row, millis
from benchmarks.stage import PROJECT, project, prompt_text, put, server

_TARGETS = {"SQLite": 200, "PostgreSQL": 80}
"""Versions a second."""


def run(quick: bool) -> list[Row]:
    """Versions a second on SQLite, and on PostgreSQL where its wheel is installed."""
    rounds = 100 if quick else 600
    floor = _bare_commit(rounds)
    return [_row(name, args, rounds, floor) for name, args in engines()]


def _row(name: str, args: tuple[str, ...], rounds: int, floor: float) -> Row:
    target = _TARGETS[name]
    with server(*args) as running, project(running) as api:
        version = put(api, "claims/triage", prompt_text("start"))
        token = running.token("bench", "admin")
        write = _writer(running.port, token)
        for warm in range(50):
            version = write(prompt_text(f"warm {warm}"), version)
        begin = time.perf_counter()
        for turn in range(rounds):
            version = write(prompt_text(turn), version)
        each = (time.perf_counter() - begin) / rounds
    return Row(f"create a version over HTTP, {name}", f"{1 / each:,.0f} /s ({millis(each)})",
               f"bare SQLite commit {millis(floor)}", each / floor, f"≥ {target} /s", 1 / each >= target)  # fmt: skip


def _writer(port: int, token: str) -> Callable[[str, int], int]:
    """Puts over one kept connection with the standard library's client, the leanest at hand: it shares our two cores."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    path = f"/api/v1/projects/{PROJECT}/prompts/claims/triage?message=Change"

    def write(text: str, parent: int) -> int:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/yaml",
            "If-Match": f'"v{parent}"',
        }
        connection.request("PUT", path, body=text.encode(), headers=headers)
        answer = connection.getresponse()
        version: int = json.load(answer)["version"]
        assert answer.status == 201
        return version

    return write


def _bare_commit(rounds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        conn = sqlite3.connect(Path(folder) / "floor.sqlite", isolation_level=None)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
        begin = time.perf_counter()
        for _ in range(rounds):
            conn.execute("BEGIN IMMEDIATE")
            conn.execute("INSERT INTO t (body) VALUES (?)", (b"x" * 3000,))
            conn.execute("COMMIT")
        each = (time.perf_counter() - begin) / rounds
        conn.close()
    return each
