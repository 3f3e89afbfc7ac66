"""The embedded Redis: comes up, goes with us, and says what is wrong when it cannot start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from promptops_server.infra.redis import RedisAddress, connect
from promptops_server.infra.redis_process import RedisProcess, RedisProcessError

_CRASHING_SERVER = """
import sys, time
from pathlib import Path
from promptops_server.infra.redis_process import RedisProcess
process = RedisProcess(Path(sys.argv[1]))
process.start()
print("pid", process.pid, flush=True)
time.sleep(60)
"""


def _ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_it_answers_on_a_private_socket_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = RedisProcess(tmp_path / "with space" / "redis")
    process.start()
    pid = process.pid
    assert pid is not None
    assert connect(RedisAddress(process.url)).ping()
    assert process.socket_path.stat().st_mode & 0o077 == 0
    process.stop()
    assert _ended(pid)
    assert not process.socket_path.exists()
    process.stop()


def test_a_long_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    process = RedisProcess(tmp_path / ("long" * 30) / "redis")
    assert len(str(process.socket_path)) <= 100
    process.start()
    try:
        assert connect(RedisAddress(process.url)).ping()
        assert process.socket_path.parent.stat().st_mode & 0o077 == 0
    finally:
        process.stop()
    assert not process.socket_path.parent.exists()


def test_the_loopback_port_asks_for_a_password(tmp_path: Path) -> None:
    process = RedisProcess(tmp_path / "redis", tcp_port=0)
    process.start()
    try:
        assert process.tcp_url is not None
        assert connect(RedisAddress(process.tcp_url)).ping()
        assert connect(RedisAddress(process.url)).ping()
        bare = f"redis://127.0.0.1:{process.tcp_port}/0"
        with pytest.raises(redis.AuthenticationError):
            connect(RedisAddress(bare)).ping()
        assert process.password is not None
        assert connect(RedisAddress(bare, password=process.password)).ping()
        assert process.password not in Path(f"/proc/{process.pid}/cmdline").read_text()
    finally:
        process.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_it_dies_with_a_killed_server_and_the_next_run_starts(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", _CRASHING_SERVER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    said = next(
        line for line in server.stdout if line.startswith(b"pid ")
    )  # after the log's own lines
    pid = int(said.split()[1])
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    again = RedisProcess(tmp_path)
    again.start()  # the socket of the crashed run is still there
    try:
        assert connect(RedisAddress(again.url)).ping()
    finally:
        again.stop()
    assert _ended(pid)


def test_two_on_one_folder_are_refused_with_the_reason(tmp_path: Path) -> None:
    first = RedisProcess(tmp_path)
    first.start()
    try:
        with pytest.raises(RedisProcessError, match="Another Redis answers"):
            RedisProcess(tmp_path).start()
        assert connect(RedisAddress(first.url)).ping()
    finally:
        first.stop()


def test_a_port_in_use_fails_with_the_servers_own_words(tmp_path: Path) -> None:
    first = RedisProcess(tmp_path / "one", tcp_port=0)
    first.start()
    try:
        with pytest.raises(RedisProcessError, match=r"(?s)did not come up.*Address already in use"):
            RedisProcess(tmp_path / "two", tcp_port=first.tcp_port).start()
    finally:
        first.stop()


def test_it_is_started_again_after_it_crashed(tmp_path: Path) -> None:
    process = RedisProcess(tmp_path)
    process.start()
    try:
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                connect(RedisAddress(process.url)).ping()
                break
            except redis.RedisError:
                time.sleep(0.02)
        assert process.pid not in (None, first)
        assert connect(RedisAddress(process.url)).ping()
    finally:
        process.stop()


def test_a_url_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'http'"):
        RedisAddress("http://localhost")
    assert RedisAddress("redis://user:secret@host:1/2").without_password() == "redis://host:1/2"


@pytest.mark.parametrize("given", [None, 'it\'s "a" pass\\word #1 ü'])
def test_an_open_port_always_asks_for_a_password(tmp_path: Path, given: str | None) -> None:
    process = RedisProcess(tmp_path / "redis", tcp_port=0, password=given)
    assert process.password
    assert given in (None, process.password)
    process.start()
    try:
        open_url = f"redis://127.0.0.1:{process.tcp_port}/0"
        with pytest.raises(redis.AuthenticationError):
            connect(RedisAddress(open_url)).ping()
        with pytest.raises(redis.AuthenticationError):
            connect(RedisAddress(open_url, password="guess")).ping()
        assert connect(RedisAddress(open_url, password=process.password)).ping()
        assert process.tcp_url is not None
        for url in (process.tcp_url, process.url):
            assert connect(RedisAddress(url)).ping()
    finally:
        process.stop()
