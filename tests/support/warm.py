"""Processes of the product that start from a parent which has read its code already.

Reading the code takes longer than most tests. `start` forks a process from a `multiprocessing` fork server: real in everything
a test looks at (own process id, session, signals, environment, files, exit code), but ready in a tenth of the time. A test of
the start itself uses the installed command.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "promptops_server.app.cli",
        "promptops_server.app.api",
        "promptops_server.app.up",
    ]
)


class Process:
    """What `subprocess.Popen` offers of it, as far as tests ask."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid: int = process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code as far as is known, negative after a signal."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The exit code, none while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("promptops-server", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)


def server(arguments: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> Process:
    """Run ``promptops-server`` with these arguments, in a session of its own; what it prints is added to `log`."""
    given = dict(os.environ) | dict(env or {})
    process = _context.Process(target=_serve, args=(list(arguments), str(log), given, os.getcwd()))
    process.start()
    atexit.register(process.kill)  # else what a failed test left running would be waited for
    return Process(process)


def _serve(arguments: list[str], log: str, env: dict[str, str], folder: str) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    sys.argv = ["promptops-server", *arguments]
    from promptops_server.app.cli import main

    main()
