"""Whoever closes the connection to the playground ends the calls at the endpoints: nothing goes on being paid for."""

from __future__ import annotations

import socket
import threading

from server.evaluation.runs.run_ground import PATH, PROJECT, Ground, prompt_text
from support.server import RunningServer

PIECE = b'data: {"choices":[{"index":0,"delta":{"content":"Mo"}}],"model":"local-model"}\n\n'
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    + f"{len(PIECE):x}\r\n".encode()
    + PIECE
    + b"\r\n"
)


class Endless:
    """An endpoint that begins to answer and never ends; `left` is set when the caller hangs up."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.left = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(HEAD)
            connection.settimeout(30)
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            except TimeoutError:
                return
            self.left.set()

    def close(self) -> None:
        self._socket.close()


def test_hanging_up_ends_the_calls_at_the_endpoints(server: RunningServer) -> None:
    ground = Ground.on(server)
    ground.put(prompt_text(1))
    endpoints = [Endless(), Endless()]
    for number, endpoint in enumerate(endpoints):
        ground.target(f"endless-{number}", endpoint.url)
    body = {
        "path": PATH,
        "targets": ["endless-0", "endless-1"],
        "inputs": {"country": "Land0"},
    }
    with ground.api.stream("POST", f"/projects/{PROJECT}/playground", json=body) as answer:
        assert answer.status_code == 200
        seen = ""
        for text in answer.iter_text():
            seen += text
            if seen.count('"Mo"') >= 2:
                break
        assert not any(endpoint.left.is_set() for endpoint in endpoints)
    ground.api.close()
    for endpoint in endpoints:
        assert endpoint.left.wait(10)
        endpoint.close()
