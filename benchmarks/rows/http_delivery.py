"""HTTP delivery of one prompt by one worker, beside a plain ASGI application sending the same bytes.

The client keeps sixteen requests in flight on each connection (HTTP/1.1 pipelining), so that the server is what is
measured and not the client.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import subprocess
import sys
import time

from benchmarks.row import Row
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server, wait_for

DEPTH = 16
CONNECTIONS = 8

_PLAIN = """
import sys, uvicorn
body = b"x" * int(sys.argv[2])
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
            log_level="error", access_log=False, lifespan="off")
"""


def run(quick: bool) -> list[Row]:
    """Requests a second; the rounds of both alternate."""
    from support.server import free_port

    seconds, rounds = (1.0, 3) if quick else (3.0, 5)
    with server() as running, project(running) as api:
        publish(api, "staging", "claims/triage", put(api, "claims/triage", prompt_text()))
        token = running.token("app", "delivery", PROJECT, "staging")
        path = f"/delivery/v1/{PROJECT}/staging/prompts/claims/triage"
        size = len(api.get(f"{running.url}{path}").content)
        port = free_port()
        plain = subprocess.Popen([sys.executable, "-c", _PLAIN, str(port), str(size)])
        try:
            wait_for(port)
            ours, floor = [], []
            for _ in range(rounds):
                floor.append(_rate(port, "/", "", seconds))
                ours.append(_rate(running.port, path, token, seconds))
        finally:
            plain.kill()
            plain.wait()
    rate, peer = statistics.median(ours), statistics.median(floor)
    return [
        Row("HTTP delivery of one prompt, one worker", f"{rate:,.0f} /s", f"plain ASGI {peer:,.0f} /s",
            rate / peer, "≥ 70 %", rate / peer >= 0.70),
    ]  # fmt: skip


def _rate(port: int, path: str, token: str, seconds: float) -> float:
    done = multiprocessing.get_context("spawn").Queue()
    worker = multiprocessing.get_context("spawn").Process(
        target=_load, args=(port, path, token, seconds, done)
    )
    worker.start()
    answer: float = done.get(timeout=60)
    worker.join()
    return answer


def _load(port: int, path: str, token: str, seconds: float, done: object) -> None:
    import selectors

    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    with socket.create_connection(("127.0.0.1", port)) as probe:
        probe.sendall(request)
        size = _response_size(probe)
    selector = selectors.DefaultSelector()
    pending: dict[socket.socket, int] = {}
    for _ in range(CONNECTIONS):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(request * DEPTH)
        pending[sock] = size * DEPTH
        selector.register(sock, selectors.EVENT_READ)
    begin, answered = time.perf_counter(), 0
    while (now := time.perf_counter()) - begin < seconds:
        for key, _ in selector.select(1):
            sock = key.fileobj  # type: ignore[assignment]
            pending[sock] -= len(sock.recv(1 << 18))
            if pending[sock] <= 0:
                answered += DEPTH
                pending[sock] = size * DEPTH
                sock.sendall(request * DEPTH)
    for sock in pending:
        sock.close()
    done.put(answered / (now - begin))  # type: ignore[attr-defined]


def _response_size(sock: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, _ = data.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], head[:200]
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return len(head) + 4 + length
