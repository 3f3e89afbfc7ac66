"""Running the user's `git`: found, bounded to the protocols people clone by, its progress passed on.

Owns the process and its environment. Secrets are in the environment or in git's own credential helpers, never in a
command line. What is asked of git is the callers'.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from promptops.cli.failures import BadInput, Failure
from promptops.cli.output import is_terminal, write

PROTOCOLS = "file:git:http:https:ssh"
"""Which transports git may use for us; `ext::` would run any command."""

_KEPT_STDERR = 64 * 1024
_SECRET = re.compile(r"(?<=://)[^/@\s']+@")
# Cursor movements and colours of a remote's messages would be commands to the terminal.
_UNSAFE = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Set by hooks and aliases that call us; they would point git at another repository.
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
              "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_TRACE", "GIT_CURL_VERBOSE",
              "GIT_TRACE_CURL", "GIT_TRACE_PACKET")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and the end of what it said on stderr, without credentials."""

    out: str
    said: str


class GitFailed(Failure):
    """`git` ended with an error, after it had printed and said this."""

    slug = "git-failed"
    title = "git failed"

    def __init__(self, ran: Ran) -> None:
        self.ran = ran
        super().__init__(self.reason)

    @property
    def reason(self) -> str:
        """The lines in which it gives the reason, without the advice around them."""
        lines = [line.strip() for line in self.ran.said.splitlines() if line.strip()]
        named = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
        return "; ".join(line.partition(": ")[2].strip() for line in named) or "; ".join(lines[-3:])


@dataclass(frozen=True, slots=True)
class StockGit:
    """The `git` found on this machine."""

    program: str
    show: bool = False
    """Whether git's progress is passed on to the terminal."""

    @property
    def progress(self) -> str:
        """The option for commands that show their progress."""
        return "--progress" if self.show else "--no-progress"

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run a command to its end. Raises GitFailed."""
        with self._started(arguments, env, stdin=subprocess.DEVNULL) as (process, said):
            assert process.stdout is not None
            out = process.stdout.read().decode("utf-8", "surrogateescape")
        ran = Ran(out, said())
        if process.returncode:
            raise GitFailed(ran)
        return ran

    @contextmanager
    def reading(
        self, *arguments: str, stdin: int = subprocess.DEVNULL
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A command whose output is read while it runs. Raises GitFailed at the end."""
        with self._started(arguments, None, stdin=stdin) as (process, said):
            yield process
        if process.returncode:
            raise GitFailed(Ran("", said()))

    @contextmanager
    def _started(
        self, arguments: Sequence[str], env: Mapping[str, str] | None, *, stdin: int
    ) -> Iterator[tuple[subprocess.Popen[bytes], _Said]]:
        process = subprocess.Popen(  # noqa: S603  (addresses are checked by `source`, and never options)
            [self.program, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_environment(), **(env or {})},
        )
        assert process.stderr is not None
        said = _Said(process.stderr, self.show)
        try:
            yield process, said
        except BaseException:
            process.kill()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()
            said.wait()


class _Said:
    """Collects the end of what git says on stderr, and passes it on."""

    def __init__(self, stream: IO[bytes], show: bool) -> None:
        self._stream, self._show = stream, show
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __call__(self) -> str:
        text = self._kept.decode("utf-8", "replace").replace("\r", "\n")
        return without_secrets(_UNSAFE.sub("", text))

    def wait(self) -> None:
        self._thread.join()
        self._stream.close()

    def _read(self) -> None:
        while chunk := os.read(self._stream.fileno(), 4096):
            self._kept = (self._kept + chunk)[-_KEPT_STDERR:]
            if self._show:
                write(sys.stderr, _UNSAFE.sub("", chunk.decode("utf-8", "replace")))


def find_git(*, show: bool) -> StockGit:
    """The `git` of this machine; `show` passes its progress on when a person looks. Raises BadInput without one."""
    program = shutil.which("git")
    if program is None:
        raise BadInput(
            "`git` is not installed, or not on the PATH",
            remedy="install git 2.20 or newer (https://git-scm.com/downloads), then run the same again",
        )
    return StockGit(program, show and is_terminal(sys.stderr))


def without_secrets(text: str) -> str:
    """The text with users and passwords in URLs left out."""
    return _SECRET.sub("", text)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    return {**kept, "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
