"""The processes that serve model files for this one: started when first asked for, ended when nobody asks any more.

Each has a thread here that starts it, watches it and ends it; while no model is in use there is neither. A process ends
with this one too, `kill -9` included: it reads from a pipe that the kernel closes then.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import structlog

from promptops_server.providers.local_model import serve
from promptops_server.providers.local_model.files import ModelFile
from promptops_server.providers.model import CallError

log = structlog.get_logger(__name__)

IDLE_SECONDS = 600.0
START_SECONDS = 120.0
"""Reading a file of some gigabytes from a slow disk takes that long."""
_LOOK_SECONDS = 2.0
_SAID_BYTES = 4096
_KEPT = ("SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")
"""What finding libraries and a folder for temporary files may need; nothing else of our environment goes there."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a model answers, and the key it asks for: other users of this machine can reach the port too."""

    url: str
    key: str = field(repr=False)


@dataclass(slots=True)
class _Held:
    ready: Future[Served]
    used: float
    process: subprocess.Popen[bytes] | None = None


class ModelProcesses:
    """All of this process. Safe to use from any thread.

    Args:
        idle_seconds: how long a model may be unused before its process is ended. A call must begin within that time
            of `use`; how long it takes does not matter.
        start_seconds: how long loading a file may take.
        look_seconds: between two looks at whether a model is still used.
    """

    def __init__(
        self,
        *,
        idle_seconds: float = IDLE_SECONDS,
        start_seconds: float = START_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._idle, self._start, self._look = idle_seconds, start_seconds, look_seconds
        self._lock = threading.Lock()
        self._held: dict[ModelFile, _Held] = {}
        self._keys: dict[str, str] = {}

    def use(self, wanted: ModelFile) -> Future[Served]:
        """The model, started if it is not running; does not wait.

        The future raises `CallError` (`failed`) when it did not start. It cannot be cancelled: others may wait for it.
        """
        with self._lock:
            held = self._held.get(wanted)
            ended = (
                held is not None and held.process is not None and held.process.poll() is not None
            )
            if held is None or ended:
                held = self._held[wanted] = _Held(Future(), time.monotonic())
                held.ready.set_running_or_notify_cancel()
                threading.Thread(
                    target=self._live,
                    args=(wanted, held),
                    name=f"model {wanted.model}"[:60],
                    daemon=True,
                ).start()
            held.used = time.monotonic()
            return held.ready

    def key_of(self, url: str | None) -> str | None:
        """The key of the model that answers at `url`; None where none does."""
        return self._keys.get(url or "")

    def running(self) -> dict[str, int]:
        """Process id by model name, for operators and tests."""
        with self._lock:
            held = [(wanted.model, held.process) for wanted, held in self._held.items()]
        return {
            name: found.pid for name, found in held if found is not None and found.poll() is None
        }

    def close(self) -> None:
        """End all of them now."""
        with self._lock:
            held = list(self._held.values())
            self._held.clear()
        for one in held:
            if one.process is not None:
                _end(one.process)

    def _live(self, wanted: ModelFile, held: _Held) -> None:
        """The life of one process, from its start to its end."""
        started = time.monotonic()
        try:
            with tempfile.TemporaryFile() as said:
                process = held.process = _spawn(said)
                served = self._served(process, wanted, said)
        except Exception as error:
            self._forget(wanted, held)
            if held.process is not None:
                _end(held.process)
            log.warning("local_model_failed", model=wanted.model, error=str(error))
            held.ready.set_exception(
                error
                if isinstance(error, CallError)
                else CallError("failed", _failed(wanted, str(error)))
            )
            return
        self._keys[served.url] = served.key
        log.info(
            "local_model_ready",
            model=wanted.model,
            pid=process.pid,
            url=served.url,
            seconds=round(time.monotonic() - started, 2),
        )
        held.ready.set_result(served)
        try:
            self._watch(wanted, held, process, served)
        finally:
            self._forget(wanted, held)
            if self._keys.get(served.url) == served.key:  # a newer one may have got the same port
                del self._keys[served.url]
            _end(process)
            log.info("local_model_ended", model=wanted.model, pid=process.pid)

    def _served(
        self, process: subprocess.Popen[bytes], wanted: ModelFile, said: IO[bytes]
    ) -> Served:
        key = secrets.token_urlsafe(24)
        assert process.stdin is not None
        assert process.stdout is not None
        line = {
            "file": str(wanted.file),
            "model": wanted.model,
            "context": wanted.context,
            "threads": wanted.threads,
            "key": key,
        }
        with contextlib.suppress(BrokenPipeError):  # it ended at once; what it printed says why
            process.stdin.write(json.dumps(line).encode() + b"\n")
            process.stdin.flush()
        answer = _line_of(process, self._start)
        if not answer:
            process.kill()
            process.wait()
            said.seek(0)
            lines = said.read()[-_SAID_BYTES:].decode(errors="replace").split("\n")
            why = next((text.strip() for text in reversed(lines) if text.strip()), "")
            raise CallError(
                "failed", _failed(wanted, why or f"no sign of it for {self._start:.0f} s")
            )
        return Served(json.loads(answer)["url"], key)

    def _watch(
        self, wanted: ModelFile, held: _Held, process: subprocess.Popen[bytes], served: Served
    ) -> None:
        """Return when it ended, or when it was not used for so long that it should."""
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self._look)
                return
            with self._lock:
                unused = time.monotonic() - held.used > self._idle
            if unused and not _busy(served):
                with self._lock:  # nobody may be told of it once it is to end
                    if time.monotonic() - held.used > self._idle:
                        self._held.pop(wanted, None)
                        return

    def _forget(self, wanted: ModelFile, held: _Held) -> None:
        with self._lock:
            if self._held.get(wanted) is held:
                del self._held[wanted]


def _spawn(said: IO[bytes]) -> subprocess.Popen[bytes]:
    """The process, isolated from our modules and environment; it says what goes wrong to `said`."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-I", str(Path(serve.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        cwd=tempfile.gettempdir(),
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )


def _line_of(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Its first line of output; empty when it ended or the time is over."""
    assert process.stdout is not None
    if sys.platform != "win32" and not select.select([process.stdout], [], [], seconds)[0]:
        return b""
    return process.stdout.readline()


def _busy(served: Served) -> bool:
    """Whether it is answering somebody. One that does not say so counts as idle."""
    where = urlsplit(served.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    try:
        connection.request("GET", "/slots", headers={"Authorization": f"Bearer {served.key}"})
        answer = connection.getresponse()
        slots = json.loads(answer.read())
        return answer.status == 200 and any(slot.get("is_processing") for slot in slots)
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(3)


def _failed(wanted: ModelFile, why: str) -> str:
    return f"The model file {wanted.file} could not be served: {why}"
