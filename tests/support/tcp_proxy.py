"""A proxy between a client and a server on loopback, as a company has them: it cuts what is idle, and can be taken away.

It can also be slow, and hold connections half open: nothing passes, and neither end is told.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time

from support.doorway import Doorway


class TcpProxy(Doorway):
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
        self._counting = threading.Lock()
        self._sockets: set[socket.socket] = set()
        super().__init__()

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
        super().close()
        self.cut()

    def carry(self, client: socket.socket) -> None:
        with self._counting:
            self.connections += 1
            number = self.connections
        with socket.create_connection(("127.0.0.1", self._target)) as server:
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
