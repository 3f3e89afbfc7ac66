"""Another Git host on a loopback port: stock `git http-backend` over bare repositories, with a user and a password."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.server import free_port
from support.stock_git import Git

Answer = tuple[int, dict[str, str]]


@dataclass
class GitHost:
    """Bare repositories below `root`; `stop` and `start` keep the port."""

    root: Path
    git: Git
    user: str = "mirror"
    password: str = "s3cret-of-the-host"
    port: int = field(default_factory=free_port)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of every request."""
    certificate: Path | None = None
    """A PEM file with key and certificate: then it speaks TLS."""
    answer_instead: Callable[[str], Answer | None] | None = None
    """Given a path, a status and headers to answer with."""
    _server: ThreadingHTTPServer | None = None

    def url(self, name: str = "bank.git") -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def repository(self, name: str = "bank.git") -> Path:
        """A bare repository that takes pushes, made when it is not there."""
        path = self.root / name
        if not path.exists():
            self.git("init", "-q", "--bare", str(path))
            self.git("config", "http.receivepack", "true", cwd=path)
        return path

    def refs(self, name: str = "bank.git") -> dict[str, str]:
        """Every ref of a repository."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.root / name)
        return dict(line.split() for line in lines.splitlines())

    def fsck(self, name: str = "bank.git") -> str:
        """What `git fsck --strict` complains about."""
        done = self.git.run("fsck", "--strict", "--full", cwd=self.root / name)
        return "" if done.code == 0 else done.out + done.err

    def start(self) -> GitHost:
        """Listen."""
        host = self

        class Handler(_Handler):
            owner = host

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Take no connections any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    owner: GitHost
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        host = self.owner
        path, _, query = self.path.partition("?")
        host.seen.append((self.command, self.path, dict(self.headers)))
        instead = host.answer_instead(self.path) if host.answer_instead else None
        given = self.headers.get("authorization", "")
        wanted = base64.b64encode(f"{host.user}:{host.password}".encode()).decode()
        if instead is not None:
            self._send(instead[0], instead[1], b"")
        elif given != f"Basic {wanted}":
            self._send(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
        else:
            self._send(*self._backend(path, query, body))

    def _backend(self, path: str, query: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        env = {
            **self.owner.git.env,
            "GIT_PROJECT_ROOT": str(self.owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": self.owner.user,
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, timeout=60
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return status, headers, content

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def git_host(tmp_path: Path) -> Iterator[GitHost]:
    """A Git host with an empty repository `bank.git`."""
    host = GitHost(tmp_path / "host", Git(tmp_path / "host-home"))
    host.root.mkdir()
    host.repository()
    host.start()
    yield host
    host.stop()
