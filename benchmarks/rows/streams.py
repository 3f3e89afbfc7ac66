"""Two thousand open event streams on one worker: memory of each, and the time until a release is in all of them.

Beside a plain ASGI application under the same server that holds as many streams and writes the same bytes to each.
The readers are bare sockets in one process of their own, so that the server is measured and not they.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx2

from benchmarks.row import Row, millis, quantile
from benchmarks.rows.memory import resident_mb
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server, wait_for

STREAMS = 2_000
_PATIENCE = 60.0
_MARK = b"\nevent: release\n"

_PLAIN = """
import asyncio, sys, uvicorn
piece = b"id: 1-1\\nevent: release\\ndata: " + b"x" * int(sys.argv[2]) + b"\\n\\n"
queues = set()
async def app(scope, receive, send):
    if scope["path"] == "/publish":
        for queue in queues:
            queue.put_nowait(piece)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    queue = asyncio.Queue()
    queues.add(queue)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b": hello\\n\\n", "more_body": True})
    while True:
        await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", backlog=4096,
            log_level="error", access_log=False, lifespan="off")
"""


def run(quick: bool) -> list[Row]:
    """Both, one after the other; medians over several releases."""
    rounds = 5 if quick else 20
    ours, size = _ours(rounds)
    floor = _floor(rounds, size)
    each, plain = ours[0], floor[0]
    last, bare = quantile(ours[1], 0.5), quantile(floor[1], 0.5)
    return [
        Row(f"server memory of an open stream, {STREAMS:,} on one worker", f"{each:.1f} kB",
            f"plain ASGI {plain:.1f} kB", each / plain, "≤ 100 kB", each <= 100),
        Row(f"request → release in all of {STREAMS:,} streams, median / slowest of {rounds}",
            f"{millis(last)} / {millis(max(ours[1]))}", f"plain ASGI {millis(bare)} / {millis(max(floor[1]))}",
            last / bare, "≤ 1 s", last <= 1.0),
        Row(f"release acknowledged → {STREAMS:,} streams, p50 / p99",
            f"{millis(quantile(ours[2], 0.5))} / {millis(quantile(ours[2], 0.99))}",
            f"plain ASGI {millis(quantile(floor[2], 0.5))} / {millis(quantile(floor[2], 0.99))}",
            quantile(ours[2], 0.99) / quantile(floor[2], 0.99), "", None),
    ]  # fmt: skip


Found = tuple[float, list[float], list[float]]
"""kB a stream; per release, seconds from the request to the last stream; seconds from the answer to each stream."""


def _ours(rounds: int) -> tuple[Found, int]:
    with server() as running, project(running) as api:
        versions = [put(api, "claims/triage", prompt_text(0))]
        versions.append(put(api, "claims/triage", prompt_text(1), versions[0]))
        publish(api, "staging", "claims/triage", versions[1])
        token = running.token("app", "delivery", PROJECT, "staging")
        turn = 0

        def release() -> None:
            nonlocal turn
            publish(api, "staging", "claims/triage", versions[turn % 2])
            turn += 1

        assert running.process is not None
        path = f"/delivery/v1/{PROJECT}/staging/events"
        return _measure(running.port, path, token, running.process.pid, release, rounds)


def _floor(rounds: int, size: int) -> Found:
    from support.server import free_port

    port = free_port()
    plain = subprocess.Popen([sys.executable, "-c", _PLAIN, str(port), str(size)])
    try:
        wait_for(port)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            client.get("/publish")
            return _measure(port, "/", "", plain.pid, lambda: client.get("/publish"), rounds)[0]
    finally:
        plain.kill()
        plain.wait()


def _measure(
    port: int, path: str, token: str, pid: int, release: Callable[[], object], rounds: int
) -> tuple[Found, int]:
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    before = resident_mb(pid)
    reader = context.Process(target=_read, args=(theirs, port, path, token), daemon=True)
    reader.start()
    theirs.close()
    try:
        _answer(pipe)
        time.sleep(2)
        each = (resident_mb(pid) - before) * 1024 / STREAMS
        last, after = [], []
        for turn in range(rounds + 1):
            pipe.send("next")
            begin = time.perf_counter()
            release()
            answered = time.perf_counter()
            times, size = _answer(pipe)
            if turn:
                last.append(max(times) - begin)
                after += [max(0.0, at - answered) for at in times]
            time.sleep(0.1)
        pipe.send(None)
        return (each, last, after), size
    finally:
        reader.join(2)
        if reader.is_alive():
            reader.kill()
            reader.join(5)


def _answer(pipe: Any) -> Any:
    if not pipe.poll(_PATIENCE):
        raise RuntimeError("the streams did not get there in time")
    return pipe.recv()


def _read(pipe: Any, port: int, path: str, token: str) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Accept: text/event-stream\r\n\r\n"
    ).encode()
    selector = selectors.DefaultSelector()
    streams = []
    for _ in range(STREAMS):
        stream = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        stream.sendall(request)
        streams.append(stream)
    for stream in streams:
        data = b""
        while b"\n\n" not in data.partition(b"\r\n\r\n")[2]:
            data += stream.recv(65536)
        assert b" 200 " in data[:20], data[:200]
        stream.setblocking(False)
        selector.register(stream, selectors.EVENT_READ)
    pipe.send("ready")
    while pipe.recv() is not None:
        waiting = dict.fromkeys(streams, b"")
        times, size = [], 0
        while waiting:
            for key, _ in selector.select(_PATIENCE):
                stream: Any = key.fileobj
                data = stream.recv(1 << 18)
                if stream not in waiting:
                    continue
                have = waiting[stream] + data
                if _MARK in b"\n" + have and have.endswith(
                    (b"\n\n", b"\n\n\r\n")
                ):  # chunked or not
                    times.append(time.perf_counter())
                    del waiting[stream]
                    size = len(have)
                else:
                    waiting[stream] = have
        pipe.send((times, size))
