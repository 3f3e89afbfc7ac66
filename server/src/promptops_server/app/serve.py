"""Run the HTTP application on a socket that is bound already, until a signal or a failure ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from promptops_server.app.bounded_http import BoundedHttp
from promptops_server.app.edge import App
from promptops_server.app.errors import CannotStart

GRACE_SECONDS = 3
"""How long requests under way may take to end after the signal."""


def bind(host: str, port: int) -> socket.socket:
    """Listen on an address; done first of all, so that a port in use stops the start before anything else.

    Raises:
        CannotStart: the port is in use, not allowed, or the host is no address of this machine.
    """
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = info[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotStart(f"The address {host} is not known here: {error.strerror}.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {port} on {host} cannot be used ({error.strerror}): "
            "stop what listens there, or choose another with --port."
        ) from None
    listener.setblocking(False)
    return listener


def run(
    app: App,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None],
    on_stopping: Callable[[], None],
    behind_proxy: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; a second Ctrl-C does not wait for anything.

    Args:
        on_ready: called once requests are answered.
        on_stopping: called right at the signal, in the event loop: ends streams that would never end by themselves.
        behind_proxy: believe X-Forwarded-For and X-Forwarded-Proto of a proxy on this machine.
    """
    config = uvicorn.Config(
        app,
        loop="auto",
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn believes them by itself: any program on this machine could choose the address that the audit log
        # names and that wrong passwords are counted for.
        proxy_headers=behind_proxy,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
    )
    server = _Server(config, on_ready, on_stopping)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays: the collector need not walk it again, which would stop everything for 0.1 s.
        gc.collect()
        gc.freeze()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the shutdown, which would kill us before the rest is stopped.
        with handled_signals(self.handle_exit):
            yield


@contextlib.contextmanager
def handled_signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """SIGINT and SIGTERM go to `handler` inside the block; only the main thread can have signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
