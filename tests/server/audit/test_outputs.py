"""Events and checkpoints reach syslog and webhook in order, at least once, and a receiver that is away loses nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_audit_evidence import LOG, World

from promptops_server.audit.checkpoints import make_checkpoint
from promptops_server.audit.outputs import sending
from promptops_server.audit.outputs.batch import Batch, NotSent, Output
from promptops_server.audit.outputs.sending import Sender
from promptops_server.audit.outputs.syslog import Syslog
from promptops_server.audit.outputs.webhook import Webhook
from promptops_server.infra.settings import SettingsError, load

SECRET = "0123456789abcdef"


@pytest.fixture
def world(any_database: Any, tmp_path: Path) -> World:
    """250 entries and two checkpoints."""
    made = World(any_database, tmp_path / "checkpoints.jsonl")
    made.write(240)
    make_checkpoint(made.deps, LOG)
    made.write(10)
    make_checkpoint(made.deps, LOG)
    return made


@pytest.fixture
def small(database: Any, tmp_path: Path) -> World:
    """Three entries and a checkpoint."""
    made = World(database, tmp_path / "checkpoints.jsonl")
    made.write(3)
    make_checkpoint(made.deps, LOG)
    return made


def sender(world: World, *outputs: Output) -> Sender:
    return Sender(world.db, outputs, lambda conn: [LOG])


class Collected:
    """A receiver in this process; `refuse` says how many batches it turns away first."""

    name = "test"

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.batches: list[Batch] = []

    def send(self, batch: Batch) -> None:
        if self.refuse:
            self.refuse -= 1
            raise NotSent("not now")
        self.batches.append(batch)

    @property
    def seqs(self) -> list[int]:
        return [entry["seq"] for batch in self.batches for entry in batch.entries]


def test_everything_comes_once_in_order_and_goes_on_from_the_cursor(world: World) -> None:
    got = Collected()
    assert sender(world, got).run() == 250
    assert got.seqs == list(range(1, 251))
    signed = [json.loads(c["text"])["size"] for batch in got.batches for c in batch.checkpoints]
    assert signed == [240, 250]
    world.write(5)
    again = Collected()
    assert sender(world, again).run() == 5, "another process, another run"
    assert again.seqs == [251, 252, 253, 254, 255]
    assert sender(world, again).run() == 0


def test_what_was_refused_is_sent_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    got = Collected(refuse=1)
    sends = sender(world, got)
    assert sends.run() == 0
    assert sends.run() == 0 and not got.batches, "it waits a while"
    monkeypatch.setattr(sending.time, "monotonic", lambda base=sending.time.monotonic: base() + 60)
    assert sends.run() == 250
    assert got.seqs == list(range(1, 251))


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            while True:
                try:
                    client, _ = server.accept()
                    serve(client)
                except (OSError, ssl.SSLError):
                    if server.fileno() < 0:
                        return

        threading.Thread(target=run, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def frames(data: bytes) -> list[str]:
    """Messages by octet counting."""
    out = []
    while data:
        length, _, rest = data.partition(b" ")
        out.append(rest[: int(length)].decode())
        data = rest[int(length) :]
    return out


def read_all(client: Any) -> bytes:
    data = b""
    while piece := client.recv(65536):
        data += piece
    client.close()
    return data


def check(messages: list[str]) -> None:
    assert len(messages) == 4
    for number, text in enumerate(messages[:3], 1):
        head, _, body = text.partition(" - {")
        assert head.startswith("<110>1 20") and " promptops - audit" in head
        assert json.loads("{" + body)["seq"] == number
    assert messages[3].startswith("<109>1 ") and " checkpoint - {" in messages[3]


def test_syslog_over_tcp(small: World) -> None:
    got: list[bytes] = []
    with listening(lambda client: got.append(read_all(client))) as port:
        assert sender(small, Syslog(f"tcp://127.0.0.1:{port}")).run() == 3
    check(frames(b"".join(got)))
    assert sender(small, Syslog(f"tcp://127.0.0.1:{port}")).run() == 0


def test_syslog_over_udp_as_cef_and_cut(small: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        assert sender(small, Syslog(f"udp://127.0.0.1:{server.getsockname()[1]}", "cef")).run() == 3
        texts = [server.recv(65536).decode() for _ in range(4)]
    assert " audit - \ufeffCEF:0|PromptOps|PromptOps|" in texts[0]
    assert "cn1=3" in texts[2]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signed itself, and its key, in one file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "syslog")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def test_syslog_over_tls_and_only_to_whom_it_trusts(small: World, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    got: list[bytes] = []

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            data = b""
            while piece := secure.recv(65536):
                data += piece
            got.append(data)
            secure.unwrap()

    with listening(serve) as port:
        assert sender(small, Syslog(f"tls://127.0.0.1:{port}")).run() == 0
        assert sender(small, Syslog(f"tls://127.0.0.1:{port}", ca_file=certificate)).run() == 3
    check(frames(b"".join(got)))


@contextmanager
def web(answers: list[int]) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?from=promptops", got
    finally:
        server.shutdown()
        server.server_close()


def test_a_webhook_is_signed_and_the_same_batch_keeps_its_id(small: World) -> None:
    with web([500, 302]) as (address, got):
        for _ in range(3):
            sent = sender(small, Webhook(address, SECRET)).run()
    assert sent == 3 and len(got) == 3
    path, headers, body = got[2]
    assert path == "/hook?from=promptops"
    value = json.loads(body)
    assert [e["seq"] for e in value["events"]] == [1, 2, 3] and len(value["checkpoints"]) == 1
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert {h["webhook-id"] for _, h, _ in got} == {headers["webhook-id"]}


def test_a_receiver_that_is_not_there_is_told_and_waited_for(small: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for output in (Syslog(f"tcp://127.0.0.1:{port}"), Webhook(f"http://127.0.0.1:{port}/", SECRET)):
        assert sender(small, output).run() == 0
        with pytest.raises(NotSent):
            output.send(Batch(LOG, [], [small.outside()[0].to_value()]))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"audit.syslog": "http://host"}, "udp://host:port"),
        ({"audit.syslog": "tcp://host:x"}, "port"),
        ({"audit.webhook": "http://example.com", "audit.webhook_secret": SECRET}, "https"),
        ({"audit.webhook": "https://a:b@example.com", "audit.webhook_secret": SECRET}, "name or password"),
        ({"audit.webhook": "https://example.com"}, "webhook_secret"),
        ({"audit.webhook_secret": "short"}, "16"),
        ({"audit.keep_years": 5}, "7"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(settings, environ={})
