"""Plays the cases of `delivery/cases` to a follower in any language and says where it does otherwise. README.md has the rules.

    python conformance/run.py -- node follower.js              # every case
    python conformance/run.py --case a-changed-statement -- ./follower

Needs Python 3.11 and nothing else. The exit code is 0 when every case passed, else 1.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parent / "delivery" / "cases"
TOKEN = "conformance"  # noqa: S105
KEEP_ALIVE = 0.2
"""Seconds; a real server lets up to 15 pass."""

Look = Callable[[list[str]], Any]
"""Asks the follower what it has at these addresses."""


class Player:
    """A server on loopback that says what a case says."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        follower = case["follower"]
        self.base = f"/delivery/v1/{follower['project']}/{follower['environment']}"
        self.source: dict[str, Any] = {}
        self.last_event_id: str | None = None
        self._streams: list[queue.SimpleQueue[bytes | None]] = []
        self._changed = threading.Condition()
        player = self

        class Handler(_Handler):
            of = player

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """What the follower has to be given, as environment variables."""
        follower = self.case["follower"]
        return {
            "PROMPTOPS_URL": f"http://127.0.0.1:{self._server.server_address[1]}",
            "PROMPTOPS_TOKEN": TOKEN,
            "PROMPTOPS_PROJECT": follower["project"],
            "PROMPTOPS_ENVIRONMENT": follower["environment"],
            "PROMPTOPS_TRUST_KEY": follower["trust"][0],
        }

    def enter(self, step: dict[str, Any], timeout: float) -> None:
        """Answer from now on as this step says, and send what it sends."""
        with self._changed:
            self.source = {**self.source, **step.get("source", {})}
            if step.get("cut"):
                for stream in self._streams:
                    stream.put(None)
                self._streams.clear()
            if not step.get("stream"):
                return
            if not self._changed.wait_for(lambda: self._streams, timeout):
                raise AssertionError("the follower opened no event stream")
            for chunk in step["stream"]:
                self._streams[-1].put(_bytes(chunk))

    def opened(self, last_event_id: str | None) -> queue.SimpleQueue[bytes | None]:
        """A new event stream; it begins with the head."""
        with self._changed:
            stream: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
            stream.put(_bytes(self.source["hello"]))
            self._streams.append(stream)
            self.last_event_id = last_event_id
            self._changed.notify_all()
            return stream

    def close(self) -> None:
        """End every stream and the server."""
        with self._changed:
            for stream in self._streams:
                stream.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    of: Player
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(200, {"pace_ms": 100, "heartbeat_s": 20})

    def do_GET(self) -> None:
        source, path = self.of.source, self.path.partition("?")[0]
        if path == "/delivery/v1/keys":
            return self.answer(200, source["keys"])
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refuse(401, "unauthenticated")
        if path == self.of.base:
            if source["snapshot"] is None:
                return self.refuse(503, "unavailable")
            return self.answer(200, source["snapshot"])
        if path == f"{self.of.base}/events":
            return self.stream()
        text = source["artifacts"].get(
            path.removeprefix(f"{self.of.base}/artifacts/").replace("%3A", ":")
        )
        if text is None:
            return self.refuse(404, "unknown-artifact")
        return self.send(200, text.encode(), "application/json")

    def answer(self, status: int, value: Any) -> None:
        self.send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")

    def refuse(self, status: int, slug: str) -> None:
        problem = {"type": f"urn:promptops:problem:{slug}", "status": status, "title": slug}
        self.send(status, json.dumps(problem).encode(), "application/problem+json")

    def send(self, status: int, content: bytes, kind: str) -> None:
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(content) if packed else content
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.close_connection = True
        stream = self.of.opened(self.headers.get("Last-Event-ID"))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                try:
                    piece = stream.get(timeout=KEEP_ALIVE)
                except queue.Empty:
                    piece = b": keep-alive\n\n"
                if piece is None:
                    return
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(0.002)  # so that pieces arrive as pieces


def play(
    case: dict[str, Any],
    follower: Callable[[Player], contextlib.AbstractContextManager[Look]],
    timeout: float = 10.0,
) -> None:
    """Play one case. Raises `AssertionError` that names the step, what was expected and what is."""
    player = Player(case)
    try:
        first, *others = case["steps"]
        player.enter(first, timeout)
        with follower(player) as look:
            _expect(player, first, look, timeout)
            for step in others:
                player.enter(step, timeout)
                _expect(player, step, look, timeout)
    finally:
        player.close()


def _expect(player: Player, step: dict[str, Any], look: Look, timeout: float) -> None:
    expected = dict(step["expect"])
    resumed = expected.pop("last_event_id", None)
    deadline = time.monotonic() + timeout
    while True:
        found = look(sorted(expected["prompts"]))
        if found == expected:
            break
        if time.monotonic() > deadline:
            raise AssertionError(
                f"step “{step['about']}” expects\n  {json.dumps(expected)}\nbut the follower says\n  {json.dumps(found)}"
            )
        time.sleep(0.02)
    if resumed is not None and player.last_event_id != resumed:
        raise AssertionError(
            f"step “{step['about']}” expects Last-Event-ID {resumed}, sent was {player.last_event_id}"
        )


def of_command(command: list[str]) -> Callable[[Player], contextlib.AbstractContextManager[Look]]:
    """A follower that is a program: it reads a JSON list of addresses a line, and answers with a line of JSON."""

    @contextlib.contextmanager
    def start(player: Player) -> Iterator[Look]:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **player.settings},
        )
        assert process.stdin is not None
        assert process.stdout is not None

        def look(paths: list[str]) -> Any:
            process.stdin.write(json.dumps(paths) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the follower ended with {process.wait(5)}")
            return json.loads(line)

        try:
            yield look
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            process.stdout.close()

    return start


def read_case(name: str) -> dict[str, Any]:
    """A case by its name."""
    found: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def names() -> list[str]:
    """Every case."""
    return sorted(path.stem for path in CASES.glob("*.json"))


def _bytes(chunk: str | dict[str, str]) -> bytes:
    return chunk.encode() if isinstance(chunk, str) else base64.b64decode(chunk["base64"])


def main(arguments: list[str]) -> int:
    """Run the cases against a command."""
    about, _, epilog = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=about, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--case",
        action="append",
        choices=names(),
        metavar="NAME",
        help="only this one; may be repeated",
    )
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each step (10)")
    parser.add_argument("--jobs", type=int, default=4, help="cases side by side (4)")
    parser.add_argument("command", nargs="+", help="the follower's command line, after --")
    chosen = parser.parse_args(arguments)

    def attempt(name: str) -> str | None:
        try:
            play(read_case(name), of_command(chosen.command), chosen.timeout)
        except AssertionError as error:
            return str(error)
        return None

    failed, cases = 0, chosen.case or names()
    with ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        for name, error in zip(cases, pool.map(attempt, cases), strict=True):
            print(f"passed {name}" if error is None else f"FAILED {name}: {error}", flush=True)
            failed += error is not None
    print(f"{failed} failed" if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
