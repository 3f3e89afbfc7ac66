"""A load balancer for TCP on loopback: each connection goes to the next server that takes one."""

from __future__ import annotations

import contextlib
import itertools
import socket

from support.doorway import Doorway, relay


class Balancer(Doorway):
    """Passes bytes on unchanged to one of `targets`, ports on this machine; knows nothing of their health."""

    def __init__(self, *targets: int) -> None:
        self._targets = itertools.cycle(targets)
        self._count = len(targets)
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def carry(self, client: socket.socket) -> None:
        for _ in range(self._count):
            with contextlib.suppress(OSError):
                server = socket.create_connection(("127.0.0.1", next(self._targets)), timeout=5)
                break
        else:
            return
        with server:
            relay(client, server)
