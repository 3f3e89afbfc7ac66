"""The other side of `limited`: a process that forks one limited child for each rendering.

It starts without environment, from its own interpreter, so neither the server's memory nor its
secrets are in it, and it holds one thread only, so forking is safe. A child sets its limits, reads
one request, answers and ends: nothing of one rendering is left for the next. This module imports
the client and the standard library alone.

On the socket of one rendering: JSON in until end of file; out eight bytes of length, the answer as
JSON, and one byte from the parent, the signal that ended the child (0 for none).
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import importlib
import json
import math
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any, cast

HEADER = 8
"""Bytes of length before an answer."""
_FIRST_DESCRIPTOR = 3
_LAZY = ("jinja2.constants", "jinja2.debug", "textwrap", "pprint", "html", "unicodedata")
"""Modules that Jinja2 imports only when a filter or a failure needs them."""
_ENCODINGS = ("unicode_escape", "ascii", "latin-1", "utf-8", "utf-16", "utf-32")
"""Python reads an encoding's module when it is first used; a template's quoted texts need the first."""


def serve(control: socket.socket, seconds: float, memory_mb: int, output_bytes: int) -> None:
    """Fork a child for every socket that comes over `control`, until that is closed."""
    _load()
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    running: dict[int, tuple[socket.socket, float]] = {}
    while True:
        wait = min((end for _, end in running.values()), default=math.inf) - time.monotonic()
        sources: list[Any] = [control, woken]
        ready = select.select(sources, [], [], None if wait == math.inf else max(wait, 0))[0]
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
        _reap(running)
        for pid, (_, end) in running.items():
            if time.monotonic() >= end:  # its own timer should have ended it
                os.kill(pid, signal.SIGKILL)
        if control not in ready:
            continue
        said, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not said:
            break
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            pid = os.fork()
            if pid == 0:
                _child(connection.detach(), seconds, memory_mb, output_bytes)
            running[pid] = (connection, time.monotonic() + seconds + 1)
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def _load() -> None:
    """Import all that a child may need: it can open no file."""
    from promptops.calls.rendered import PROTOCOLS, rendered
    from promptops.format import RenderError, render

    for name in _LAZY:
        importlib.import_module(name)
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    content = "{% for i in [1] %}{{ i|upper }}{% endfor %}"
    sample = {
        "project": "p",
        "path": "a",
        "template": "jinja2",
        "model": "m",
        "messages": [{"role": "user", "content": content}],
    }
    for protocol in PROTOCOLS:
        rendered(sample, {}, protocol=cast(Any, protocol))
    for text in ("{{", "{{ missing }}", "{{ 1 // 0 }}"):
        with contextlib.suppress(RenderError):
            render({"template": "jinja2", "messages": [{"role": "user", "content": text}]}, {})
    gc.collect()
    gc.freeze()


def _reap(running: dict[int, tuple[socket.socket, float]]) -> None:
    """Say of every child that ended how it ended, and hang up."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        connection, _ = running.pop(pid)
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        with connection, contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(bytes([ended_by]))


def _child(descriptor: int, seconds: float, memory_mb: int, output_bytes: int) -> None:
    """Answer one request and end. Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        os.closerange(_FIRST_DESCRIPTOR, descriptor)
        os.closerange(descriptor + 1, 1024)
        _limit(seconds, memory_mb)
        connection = socket.socket(fileno=descriptor)
        answer = _answer(_read(connection), output_bytes)
        connection.sendall(len(answer).to_bytes(HEADER, "big") + answer)
    finally:
        os._exit(0)


def _limit(seconds: float, memory_mb: int) -> None:
    os.nice(10)  # the server goes first
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    cpu = math.ceil(seconds)
    limits = {
        "RLIMIT_CPU": (cpu, cpu + 1),
        "RLIMIT_AS": (_address_space() + memory_mb * 2**20,) * 2,
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NPROC": (0, 0),
        "RLIMIT_NOFILE": (0, 0),
    }
    for name, limit in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not on every system
            resource.setrlimit(getattr(resource, name), limit)


def _address_space() -> int:
    """Bytes this process has mapped already; a guess where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 512 * 2**20


def _read(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _answer(request: bytes, output_bytes: int) -> bytes:
    try:
        made = _encoded({"rendered": _render(json.loads(request))})
        if len(made) <= output_bytes:
            return made
        code = "output"
    except MemoryError:
        code = "memory"
    except Exception as error:
        given = getattr(error, "input", "")
        code = getattr(error, "code", "template-failed")
        message = str(error)[:1000] or type(error).__name__
        if not _for_memory(error):
            return _encoded({"refused": {"code": code, "message": message, "input": str(given)}})
        code = "memory"
    return _encoded({"refused": {"code": code}})


def _for_memory(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__
    return error is not None


def _render(request: Mapping[str, Any]) -> dict[str, Any]:
    from promptops.calls.rendered import rendered

    return rendered(
        request["artifact"],
        request["inputs"],
        model=request.get("model"),
        protocol=request.get("protocol"),
    )


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def main() -> None:
    """`limited` starts this with the descriptor of the control socket and the limits."""
    descriptor, seconds, memory_mb, output_bytes = sys.argv[-4:]
    with socket.socket(fileno=int(descriptor)) as control:
        serve(control, float(seconds), int(memory_mb), int(output_bytes))
