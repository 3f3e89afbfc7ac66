"""Rendering in a process with limits on time, memory and output, for text that is code (Jinja2).

Owns the process that forks the limited ones (`child`), started at the first rendering and again when
it died, and how many renderings run and wait at once.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.to_thread

from promptops_server.infra.problems import Unavailable
from promptops_server.registry.rendering.child import HEADER
from promptops_server.registry.rendering.limits import RenderLimits

_START_SECONDS = 30.0
"""A process that imports its libraries on a busy machine."""
_SLACK_SECONDS = 3.0
"""Between the end of the limit and giving the process up."""

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from promptops_server.registry.rendering.child import main; main()"
)


class Refused(Exception):
    """The rendering was refused: `code` of the client's error, or `time`, `memory`, `output`, `crash`."""

    def __init__(self, code: str, message: str = "", input: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.input = input


class LimitedRenderer:
    """Renders in processes of its own. Starts nothing before it is asked; `close` ends it."""

    def __init__(self, limits: RenderLimits | None = None) -> None:
        self.limits = limits or RenderLimits()
        self._turns = anyio.CapacityLimiter(self.limits.processes)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waiting = 0

    async def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Render in turn: members `artifact`, `inputs`, `model`, `protocol`; gives `rendered`'s document.

        Raises:
            Refused: it is not possible, or went over a limit.
            Unavailable: too many wait already.
        """
        if self._waiting >= self.limits.processes + self.limits.waiting:
            problem = Unavailable(
                "Too many prompts are being rendered at the moment.",
                remedy="Try again in a few seconds.",
                slug="busy",
            )
            problem.headers["Retry-After"] = "2"
            raise problem
        self._waiting += 1
        try:
            # Threads of their own: requests that wait for a template leave the others theirs.
            return await anyio.to_thread.run_sync(self.render, request, limiter=self._turns)
        finally:
            self._waiting -= 1

    def render(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The same, blocking, without waiting for a turn. Raises Refused."""
        content = json.dumps(request).encode()
        with self._connection() as connection:
            started = time.monotonic()
            answer, ended_by = self._exchange(connection, content)
        if answer is None:
            late = time.monotonic() - started >= self.limits.seconds
            raise Refused("time" if late else "crash", f"signal {ended_by}" if ended_by else "")
        value = json.loads(answer)
        if "rendered" in value:
            document: dict[str, Any] = value["rendered"]
            return document
        raise Refused(**value["refused"])

    def close(self) -> None:
        """End the process, and with it every rendering under way."""
        with self._lock:
            self._end()

    def _exchange(self, connection: socket.socket, content: bytes) -> tuple[bytes | None, int]:
        """The answer and the signal that ended the process; None when there is no whole answer."""
        end = time.monotonic() + self.limits.seconds + _SLACK_SECONDS + _START_SECONDS
        most = HEADER + self.limits.output_bytes + 16 * 1024
        received = bytearray()
        with contextlib.suppress(OSError):  # it ended in between: what has come tells
            connection.settimeout(max(end - time.monotonic(), 0.1))
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while len(received) <= most and (piece := connection.recv(1 << 18)):
                received += piece
                connection.settimeout(max(end - time.monotonic(), 0.1))
        length = int.from_bytes(received[:HEADER], "big")
        if len(received) >= HEADER + length and len(received) > HEADER:
            return bytes(received[HEADER : HEADER + length]), 0
        return None, received[-1] if received else 0

    def _connection(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for last in (False, True):
                control = self._started()
                try:
                    socket.send_fds(control, [b"+"], [theirs.fileno()])
                    return ours
                except OSError:
                    self._end()
                    if last:
                        ours.close()
                        raise
        raise AssertionError("the last try returns or raises")

    def _started(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        self._end()
        ours, theirs = socket.socketpair()
        limits = self.limits
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                [
                    *(sys.executable, "-I", "-c", _PROGRAM),
                    json.dumps([path for path in sys.path if path]),
                    *(str(theirs.fileno()), str(limits.seconds)),
                    *(str(limits.memory_mb), str(limits.output_bytes)),
                ],
                env={},
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for the server alone
            )
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None
