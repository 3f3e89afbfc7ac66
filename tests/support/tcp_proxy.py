"""A proxy between a client and a server on loopback, as a company has them: it cuts what is idle, and can be taken away.

It can also be slow, and hold connections half open: nothing passes, and neither end is told.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from types import TracebackType
from typing import Self


class TcpProxy:
    """Passes bytes on unchanged. `idle` is how many seconds without a byte, either way, end a connection; None: never.

    `slow` is how many seconds each piece of at most `piece` bytes takes; both may be changed at any time.
    """

    def __init__(self, target: int, *, idle: float | None = None) -> None:
        self.idle = idle
        self.slow = 0.0
        self.piece = 65536
        self.connections = 0
        self.cut_idle = 0
        self._target = target
        self._held = 0
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection there is."""
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def hold(self) -> None:
        """From now on pass nothing on of the connections there are, without ending them; new ones work."""
        self._held = self.connections

    def close(self) -> None:
        """End every connection and take no more."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(
                target=self._pass_on, args=(client, self.connections), daemon=True
            ).start()

    def _pass_on(self, client: socket.socket, number: int) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            self._sockets |= {client, server}
            last = time.monotonic()
            while not self._closing.is_set():
                if number <= self._held:
                    if not {client, server} & self._sockets:
                        break
                    time.sleep(0.05)
                    continue
                ready, _, _ = select.select([client, server], [], [], 0.05)
                if not ready and self.idle is not None and time.monotonic() - last > self.idle:
                    self.cut_idle += 1
                    break
                for one in ready:
                    piece = one.recv(self.piece)
                    if not piece:
                        self._sockets -= {client, server}
                        return
                    if self.slow:
                        time.sleep(self.slow)
                    (server if one is client else client).sendall(piece)
                    last = time.monotonic()
            self._sockets -= {client, server}
